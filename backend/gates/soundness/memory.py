"""What memory would select for an edit of one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.file_analysis import Parts, parts_of
from gates.testing.result_cache.store import Result
from gates.testing.result_cache.units import measured_units


@dataclass(frozen=True, kw_only=True)
class EditedDependencies(Dependencies):
    """The dependencies of a checkout in which one measured file has another content."""

    original: Dependencies
    name: str
    source: str

    @cached_property
    def parts(self) -> dict[str, Parts]:
        """The units of each Python file."""
        return self.original.parts | {self.name: parts_of(measured_units(self.source))}

    @cached_property
    def contents(self) -> dict[str, str]:
        """The digest of each file's content."""
        return self.original.contents | {self.name: "edited"}


@dataclass(frozen=True)
class Memory:
    """The valid results of the tests of a checkout, and the tests, or files of tests, that always run."""

    dependencies: Dependencies
    held: Mapping[str, Result]
    always: frozenset[str]

    def selected(self, name: str, source: str) -> set[str]:
        """Return the tests that memory would run if a measured file had this content.

        These are the tests whose results depend on a unit with another digest, and all tests of a file whose
        list of tests does.
        """
        edited = EditedDependencies(
            project=self.dependencies.project, original=self.dependencies, name=name, source=source
        )
        chosen = set(self.always)
        for unit, tests in self._tests_of.items():
            if edited.digests[unit] != self.dependencies.digests[unit]:
                chosen |= tests
        tests = {test for test in self.held if "::" in test}
        return {*self.always} | {
            test for test in tests if test in chosen or test.partition("::")[0] in chosen
        }

    def seconds(self, test: str) -> float:
        """Return the usual seconds of a test, 0 when they are unknown."""
        return self.held[test].seconds if test in self.held else 0.0

    @cached_property
    def _tests_of(self) -> dict[str, set[str]]:
        """The tests and files of tests that depend on each unit."""
        found: dict[str, set[str]] = {}
        for test, result in self.held.items():
            for unit, _, _ in result.shares:
                found.setdefault(unit, set()).add(test)
        return found
