"""The results to store, made from the observations of the processes of a test run."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast

from gates.testing.result_cache.child_records import read_child
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.file_analysis import module_name
from gates.testing.result_cache.measured_children import CHILDREN
from gates.testing.result_cache.measurement import IMPORT
from gates.testing.result_cache.plugin import FILE
from gates.testing.result_cache.store import Result, Share
from gates.testing.result_cache.units import SKELETON, TESTS

T = TypeVar("T")
PACKAGE_FILES = ("__init__.py", "conftest.py")
"""Files that pytest looks for beside a test file and above it."""
UNKNOWN = "code "
"""A unit that does not exist, so a result that depends on it cannot be stored."""
Hits = dict[str, set[int]]
Trace = tuple[str, int]
"""A file and its probes that ran: bit N of the number stands for probe N."""


@dataclass
class Observation:
    """An observation as a process wrote it, with the probes of each file as the bits of a number."""

    probes: dict[str, int] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    children: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Observation":
        """Read the JSON value of an observation."""
        probes = {name: _bits_of(numbers) for name, numbers in content["hits"].items()}
        units, modules, uses = ({*content[name]} for name in ("units", "modules", "uses"))
        return cls(probes, units, modules, uses, content["children"])

    def add(self, other: "Observation") -> None:
        """Include another observation."""
        for name, bits in other.probes.items():
            self.probes[name] = self.probes.get(name, 0) | bits
        self.units |= other.units
        self.modules |= other.modules
        self.uses |= other.uses
        self.children = self.children | other.children


class UnknownError(Exception):
    """A result depends on something without a digest, so it cannot be stored."""


@dataclass(frozen=True)
class Record:
    """The observations of one process. Many tests have parts in common, so parts are computed once each."""

    dependencies: Dependencies
    content: Mapping[str, Any]
    folder: Path
    _memo: dict[Hashable, Any] = field(default_factory=dict)

    def results(self) -> Iterator[Result]:
        """Yield the tests that passed and the files that were collected."""
        for test, result in self.content["tests"].items():
            if result["passed"]:
                with suppress(UnknownError):
                    shares = self._all_shares(test.partition("::")[0], self._tests[test], result["name"])
                    yield Result(test=test, shares=shares, seconds=result["seconds"])
        for file, tests in self.content["collected"].items():
            with suppress(UnknownError):
                shares = self._all_shares(file, Observation(), TESTS)
                yield Result(test=file, shares=shares, tests=tuple(tests))

    def hits(self) -> Hits:
        """Return all probes that ran, by file."""
        total = Observation()
        for observed in [*self._tests.values(), *self._kept.values(), self._outside]:
            total.add(observed)
        return {name: {*_numbers_of(bits)} for name, bits in total.probes.items()}

    @cached_property
    def _tests(self) -> dict[str, Observation]:
        return {name: Observation.of(result["observed"]) for name, result in self.content["tests"].items()}

    @cached_property
    def _kept(self) -> dict[str, Observation]:
        return {key: Observation.of(content) for key, content in self.content["kept"].items()}

    @cached_property
    def _outside(self) -> Observation:
        return Observation.of(self.content["outside"])

    def _all_shares(self, file: str, observed: Observation, part: str) -> frozenset[Share]:
        """Return the shares of a test. `part` is the test's name in its file. Raises UnknownError."""
        own = f"backend/{file}"
        total = Observation()
        for other in (observed, self._outside, self._kept.get(FILE + file, Observation())):
            total.add(other)
        total.add(self._used(frozenset(total.uses)))
        self._add_children(total)
        roots = {own, *self._memoized(("conftests", own), lambda: self._conftests(own)), *total.probes}
        requested = {path for path in map(self.dependencies.path_of, total.modules) if path}
        total.units |= {f"module {path}" for path in requested}
        roots |= requested
        imported = self._imported(own, frozenset(roots))
        parts = self.dependencies.parts.get(own, {})
        units = {f"code {own}::{name}" for name in (part, SKELETON) if name in parts} | total.units
        for folder in PurePosixPath(own).parents[:-1]:
            units.update(f"stat {folder}/{name}" for name in PACKAGE_FILES)
        return imported | self._shares_of(total.probes, units)

    def _memoized(self, key: Hashable, compute: Callable[[], T]) -> T:
        if key not in self._memo:
            self._memo[key] = compute()
        return cast("T", self._memo[key])

    def _used(self, uses: frozenset[str]) -> Observation:
        """Return the observations of used fixtures and caches, and of those that they use."""
        return self._memoized(("used", uses), lambda: self._follow(uses))

    def _follow(self, uses: frozenset[str]) -> Observation:
        total = Observation()
        waiting = {*uses}
        done: set[str] = set()
        while waiting:
            key = waiting.pop()
            done.add(key)
            if key in self._kept:
                total.add(self._kept[key])
                waiting |= self._kept[key].uses - done
        return total

    def _add_children(self, total: Observation) -> None:
        """Add the units of measured children. What they executed does not count as covered."""
        for name, unmeasured in total.children.items():
            total.add(self._memoized(("child", name), partial(self._read_child, name, unmeasured)))

    def _read_child(self, name: str, unmeasured: Iterable[str]) -> Observation:
        child = read_child(self.folder / CHILDREN, name, unmeasured)
        units = {*child.units, *(f"code {path}::{SKELETON}" for path in child.loaded)}
        for path, numbers in child.loaded.items():
            owners = self.dependencies.owners.get(path, {})
            units.update(owners.get(number, UNKNOWN) for number in numbers)
        return Observation(units=units, modules=child.modules)

    def _imported(self, own: str, roots: frozenset[str]) -> frozenset[Share]:
        """Return the shares of imported files: their skeletons, and the code that ran during the import."""
        return self._memoized(("imported", own, roots), lambda: self._shares_of_imports(own, roots))

    def _shares_of_imports(self, own: str, roots: frozenset[str]) -> frozenset[Share]:
        paths = frozenset(path for root in roots | {own} for path in self.dependencies.closure(root))
        total = Observation(units={unit for path in paths for unit in self._units(path, own)})
        for path in paths:
            total.add(self._kept.get(IMPORT + module_name(path), Observation()))
        total.add(self._used(frozenset(total.uses)))
        self._add_children(total)
        more = {name for path in total.probes for name in self.dependencies.closure(path)} - paths
        if more:
            return self._imported(own, roots | more)
        return self._shares_of(total.probes, total.units)

    def _units(self, path: str, own: str) -> Iterator[str]:
        """Yield the units of an imported file: its skeleton, or all units of another test file."""
        is_other_test_file = path != own and path.rpartition("/")[2].startswith("test_")
        if not is_other_test_file:
            yield f"code {path}::{SKELETON}"
            return
        for part in self.dependencies.parts.get(path, {}):
            yield f"code {path}::{part}"

    def _shares_of(self, probes: Mapping[str, int], units: set[str]) -> frozenset[Share]:
        """Return the shares of units, and of the units whose probes ran. Raises UnknownError."""
        shares: set[Share] = set()
        for trace in probes.items():
            shares |= self._memoized(trace, partial(self._shares_of_file, *trace))
        ran = {share[0] for share in shares}
        shares.update((unit, self._digest_of(unit), b"") for unit in units - ran)
        return frozenset(shares)

    def _shares_of_file(self, path: str, bits: int) -> set[Share]:
        """Return the shares of the units whose probes ran in a file. Raises UnknownError."""
        owners = self.dependencies.owners.get(path, {})
        units: dict[str, set[int]] = {}
        for number in _numbers_of(bits):
            if number not in owners:
                raise UnknownError
            units.setdefault(owners[number], set()).add(number)
        return {(unit, self._digest_of(unit), self._bits(unit, ran)) for unit, ran in units.items()}

    def _digest_of(self, unit: str) -> str:
        digest = self.dependencies.digests[unit]
        if digest is None:
            raise UnknownError
        return digest

    def _bits(self, unit: str, numbers: set[int]) -> bytes:
        """Return one bit for each probe of a unit, in the order of the code, and one for all implied probes.

        So lines may move, and bindings may come and go.
        """
        owned = self.dependencies.probes(unit)
        value = sum(1 << place for place, number in enumerate(owned) if number in numbers)
        value |= (not numbers.isdisjoint(self.dependencies.implied(unit))) << len(owned)
        return value.to_bytes(len(owned) // 8 + 1, "little")

    def _conftests(self, path: str) -> list[str]:
        found = (f"{folder}/conftest.py" for folder in PurePosixPath(path).parents)
        return [name for name in found if name in self.dependencies.parts]


def read_records(folder: Path, dependencies: Dependencies) -> list[Record]:
    """Read the files that the processes of a run wrote."""
    contents = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
    return [Record(dependencies, content, folder) for content in contents]


def hits_of(results: Iterable[Result], dependencies: Dependencies) -> Hits:
    """Return the probes that ran in valid results, by file and by their current numbers."""
    shares = {share for result in results for share in result.shares if share[2]}
    hits: Hits = {}
    for unit, _, bits in shares:
        value = int.from_bytes(bits, "little")
        path = unit.partition(" ")[2].partition("::")[0]
        owned = dependencies.probes(unit)
        ran = {number for place, number in enumerate(owned) if value >> place & 1}
        if value >> len(owned) & 1:
            ran.update(dependencies.implied(unit))
        if ran:
            hits.setdefault(path, set()).update(ran)
    return hits


def _bits_of(numbers: Iterable[int]) -> int:
    """Return the number whose bits have these places."""
    places = bytearray()
    for number in numbers:
        if number // 8 >= len(places):
            places.extend(bytes(number // 8 + 1 - len(places)))
        places[number // 8] |= 1 << number % 8
    return int.from_bytes(places, "little")


def _numbers_of(bits: int) -> list[int]:
    """Return the places of a number's bits."""
    return [place for place, digit in enumerate(reversed(f"{bits:b}")) if digit == "1"]
