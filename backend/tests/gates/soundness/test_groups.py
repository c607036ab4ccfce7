"""The search for the mutants that tests kill, among mutants whose killing tests are known."""

from collections.abc import Collection, Mapping

import pytest

from gates.mutation.operators import mutants
from gates.repo.python import parse_source
from gates.soundness.groups import Killed, disjoint_groups, killed_in_group
from gates.soundness.sample import SampledMutant

SOURCE = "A = 1\nB = 2\nC = 3\nD = 4\nE = 5\n"
GROUP = [SampledMutant("a.py", mutant, "") for mutant in mutants(SOURCE, parse_source(SOURCE))]
A, B, C, D, E = GROUP


class KnownTests:
    """Tests that each fail when all mutants of one of some sets are there."""

    def __init__(self, reasons: Mapping[str, list[set[SampledMutant]]]) -> None:
        self.reasons = reasons
        self.runs: list[tuple[int, tuple[str, ...]]] = []

    def __call__(self, group: Collection[SampledMutant], tests: Collection[str]) -> set[str]:
        self.runs.append((len(group), tuple(sorted(tests))))
        asked = tests or self.reasons
        return {test for test in asked if any(reason <= {*group} for reason in self.reasons.get(test, ()))}


@pytest.mark.parametrize(
    ("reasons", "killed", "unexplained"),
    [
        ({}, {}, set()),
        ({"t": [{A}]}, {A: {"t"}}, set()),
        ({"t": [{A}, {E}]}, {A: {"t"}, E: {"t"}}, set()),
        ({"t": [{C}], "u": [{C}, {D}]}, {C: {"t", "u"}, D: {"u"}}, set()),
        ({"t": [{A, E}]}, {}, {"t"}),
        ({"t": [{A, E}], "u": [{B}]}, {B: {"u"}}, {"t"}),
        ({"always": [set()], "t": [{D}]}, {D: {"t"}}, set()),
    ],
)
def test_finds_the_mutants_that_single_tests_kill(
    reasons: Mapping[str, list[set[SampledMutant]]], killed: Killed, unexplained: set[str]
) -> None:
    assert killed_in_group(GROUP, KnownTests(reasons)) == (killed, unexplained)


def test_runs_all_tests_once_when_none_fails() -> None:
    tests = KnownTests({"t": []})

    killed_in_group(GROUP, tests)

    assert tests.runs == [(5, ())]


def test_tries_halves_with_the_failed_tests_alone() -> None:
    tests = KnownTests({"t": [{A}], "u": []})

    killed_in_group(GROUP, tests)

    assert [names for size, names in tests.runs if size not in {4, 5}] == [("t",)] * 5


def test_puts_mutants_of_the_same_code_into_different_groups() -> None:
    source = "A = 1 + 2\nB = 3\n"
    found = [SampledMutant("a.py", mutant, "") for mutant in mutants(source, parse_source(source))]
    elsewhere = [SampledMutant("b.py", mutant.mutant, "") for mutant in found]

    groups = disjoint_groups([*found, *elsewhere])

    assert [len(group) for group in groups] == [4, 4]
    for group in groups:
        edits = [(mutant.file, mutant.mutant.edit.start) for mutant in group]
        assert len({*edits}) == len(edits)
