"""Finds the mutants among many that all tests kill, with few runs of all tests.

All mutants are applied at once. While a test fails, halves of them are tried with the failed tests until it
is known which one makes them fail; it is taken out, and all tests run again.
"""

from collections.abc import Callable, Collection, Sequence

from gates.mutation.operators import Edit
from gates.soundness.sample import SampledMutant

Failing = Callable[[Collection[SampledMutant], Collection[str]], set[str]]
"""Returns the tests that fail with some mutants: of the named tests, of all without names."""
Killed = dict[SampledMutant, set[str]]


def disjoint_groups(mutants: Sequence[SampledMutant]) -> list[list[SampledMutant]]:
    """Divide mutants into as few groups as their edits allow: of a group no two change the same code."""
    groups: list[list[SampledMutant]] = []
    for mutant in mutants:
        fitting = (group for group in groups if not any(_overlap(mutant, other) for other in group))
        group = next(fitting, None)
        if group is None:
            groups.append([mutant])
        else:
            group.append(mutant)
    return groups


def killed_in_group(group: Sequence[SampledMutant], failing: Failing) -> tuple[Killed, set[str]]:
    """Return the mutants that make tests fail, with these tests, and the tests that no single one explains.

    Tests that fail without mutants do not count.
    """
    killed: Killed = {}
    unexplained: set[str] = set()
    remaining = [*group]
    while remaining:
        failed = failing(remaining, ()) - unexplained
        failed -= failing((), failed) if failed else set()
        if not failed:
            break
        found = _bisected(remaining, failed, failing)
        killed |= found
        remaining = [mutant for mutant in remaining if mutant not in found]
        if not found:
            unexplained |= failed
    return killed, unexplained


def _bisected(group: Sequence[SampledMutant], failed: Collection[str], failing: Failing) -> Killed:
    """Return the single mutants of a group that make some of the failed tests fail, with these tests."""
    if len(group) == 1:
        return {group[0]: {*failed}}
    killed: Killed = {}
    middle = len(group) // 2
    for half in (group[:middle], group[middle:]):
        if still := failing(half, failed):
            killed |= _bisected(half, still, failing)
    return killed


def _overlap(one: SampledMutant, other: SampledMutant) -> bool:
    return one.file == other.file and _touch(one.mutant.edit, other.mutant.edit)


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end
