"""Compares the tests that memory selects for each mutant with all tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gates.model import Project
from gates.mutation.engine import Candidate, judge
from gates.mutation.judges import Judges
from gates.soundness.groups import disjoint_groups, killed_in_group
from gates.soundness.memory import Memory
from gates.soundness.sample import SampledMutant
from gates.soundness.suite import BREAKDOWN, Suite

MAX_SECONDS = 30.0
"""The usual seconds of the selected tests that run in memory, the nearest first. The others run in groups."""
TEST_SECONDS = 60
KILLED, SURVIVED, ESCAPED = "killed", "survived", "escaped"


@dataclass(frozen=True)
class Comparison:
    """A mutant, the number of tests that memory selects for it, and what became of it.

    It is killed by a selected test, survives all tests, or escapes: only tests that are not selected kill it.
    """

    sampled: SampledMutant
    selected: int
    outcome: str
    test: str = ""


@dataclass(frozen=True)
class Judgement:
    """The comparisons, and the tests that fail with several mutants but with no single one."""

    comparisons: Sequence[Comparison]
    unexplained: Sequence[str]


@dataclass(frozen=True)
class Comparer:
    """Judges mutants by the tests that memory selects, and the survivors by all tests in groups."""

    project: Project
    memory: Memory
    judges: Judges
    suite: Suite
    say: Callable[[str], None]

    def compare(self, chosen: Sequence[SampledMutant]) -> Judgement:
        """Return what became of each mutant. Raises GateError when the mutants cannot be run."""
        selected = {sampled: self.memory.selected(sampled.file, sampled.source) for sampled in chosen}
        self.say(f"{len(chosen)} mutants are judged by their selected tests")
        results = judge(self.project, [self._candidate(mutant, tests) for mutant, tests in selected.items()])
        found = {
            sampled: Comparison(sampled, len(tests), KILLED, result.test)
            for (sampled, tests), result in zip(selected.items(), results, strict=True)
            if result.is_detected
        }
        groups = disjoint_groups([sampled for sampled in chosen if sampled not in found])
        unexplained: set[str] = set()
        for number, group in enumerate(groups, 1):
            self.say(f"group {number} of {len(groups)}: {len(group)} survivors are judged by all tests")
            killed, without_cause = killed_in_group(group, self.suite.failing)
            unexplained |= without_cause
            for sampled in group:
                found[sampled] = self._compared(sampled, selected[sampled], killed.get(sampled, set()))
        return Judgement([found[sampled] for sampled in chosen], sorted(unexplained))

    def _candidate(self, sampled: SampledMutant, selected: set[str]) -> Candidate:
        """Return a mutant with its nearest selected tests."""
        nearest = self.judges.candidate(self.project, sampled.file, sampled.mutant)
        others = sorted(selected, key=lambda test: (self.memory.seconds(test), test))
        ordered = [test for test in dict.fromkeys([*nearest.tests, *others]) if test in selected]
        total = accumulate(self.memory.seconds(test) for test in ordered)
        affordable = [test for test, seconds in zip(ordered, total, strict=True) if seconds <= MAX_SECONDS]
        tests = dict.fromkeys(affordable, TEST_SECONDS)
        return Candidate(sampled.file, sampled.mutant, tests, is_patchable=nearest.is_patchable)

    def _compared(self, sampled: SampledMutant, selected: set[str], tests: set[str]) -> Comparison:
        """Return what became of a mutant that some tests of all kill, or none."""
        if not tests:
            return Comparison(sampled, len(selected), SURVIVED)
        killing = sorted(test for test in tests if _is_selected(test, selected))
        if not killing and selected:
            killing = sorted(self.suite.failing([sampled], selected))
        if killing:
            return Comparison(sampled, len(selected), KILLED, killing[0])
        return Comparison(sampled, len(selected), ESCAPED, min(tests))


def _is_selected(test: str, selected: set[str]) -> bool:
    """Return whether a test is selected. When pytest breaks down, all tests fail, also the selected ones."""
    if test == BREAKDOWN:
        return bool(selected)
    if "::" not in test:
        return any(name.startswith(f"{test}::") for name in selected)
    return test in selected or test.partition("::")[0] in selected
