"""The results to store, made from the observations of the processes of a test run."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from gates.testing.result_cache.dependencies import Dependencies, module_name
from gates.testing.result_cache.observer import Observed
from gates.testing.result_cache.plugin import FILE, IMPORT
from gates.testing.result_cache.store import Result, Share
from gates.testing.result_cache.units import SKELETON, TESTS

PACKAGE_FILES = ("__init__.py", "conftest.py")
"""Files that pytest looks for beside a test file and above it."""
Hits = dict[str, set[int]]


@dataclass(frozen=True)
class Record:
    """The observations of one process."""

    dependencies: Dependencies
    content: Mapping[str, Any]
    _shares: dict[frozenset[str], frozenset[Share] | None] = field(default_factory=dict)

    def results(self) -> Iterator[Result]:
        """Yield the tests that passed and the files that were collected."""
        for test, result in self.content["tests"].items():
            if result["passed"]:
                observed = _observed(result["observed"])
                shares = self._all_shares(test.partition("::")[0], observed, result["name"])
                if shares:
                    yield Result(test=test, shares=shares, seconds=result["seconds"])
        for file, tests in self.content["collected"].items():
            shares = self._all_shares(file, Observed(), TESTS)
            if shares:
                yield Result(test=file, shares=shares, tests=tuple(tests))

    def hits(self) -> Hits:
        """Return all probes that ran, by file."""
        total = Observed()
        for result in self.content["tests"].values():
            total.add(_observed(result["observed"]))
        for observed in [*self._kept.values(), self._outside]:
            total.add(observed)
        return total.hits

    @cached_property
    def _kept(self) -> dict[str, Observed]:
        return {key: _observed(content) for key, content in self.content["kept"].items()}

    @cached_property
    def _outside(self) -> Observed:
        return _observed(self.content["outside"])

    def _all_shares(self, file: str, observed: Observed, part: str) -> frozenset[Share] | None:
        """Return the shares of a test, None when a unit is unknown. `part` is the test's name in its file."""
        own = f"backend/{file}"
        total = Observed()
        for other in (observed, self._outside, self._kept.get(FILE + file, Observed())):
            total.add(other)
        self._follow(total)
        roots = {own, *self._conftests(own), *total.hits}
        roots |= {path for path in map(self.dependencies.path_of, total.modules) if path}
        imported = self._imported(own, frozenset(roots))
        if imported is None:
            return None
        parts = self.dependencies.parts.get(own, {})
        units = {f"code {own}::{name}" for name in (part, SKELETON) if name in parts} | total.units
        for folder in PurePosixPath(own).parents[:-1]:
            units.update(f"stat {folder}/{name}" for name in PACKAGE_FILES)
        shares = self._shares_of(Observed(hits=total.hits, units=units))
        return None if shares is None else imported | shares

    def _follow(self, observed: Observed) -> None:
        """Add the observations of all used fixtures and caches, directly or through others."""
        waiting = {*observed.uses}
        done: set[str] = set()
        while waiting:
            key = waiting.pop()
            done.add(key)
            if key in self._kept:
                observed.add(self._kept[key])
                waiting |= self._kept[key].uses - done

    def _imported(self, own: str, roots: frozenset[str]) -> frozenset[Share] | None:
        """Return the shares of imported files: their skeletons, and the code that ran during the import."""
        key = roots | {own}
        if key not in self._shares:
            paths = {path for root in roots for path in self.dependencies.closure(root)}
            total = Observed(units={unit for path in paths for unit in self._units(path, own)})
            for path in paths:
                total.add(self._kept.get(IMPORT + module_name(path), Observed()))
            self._follow(total)
            more = {name for path in total.hits for name in self.dependencies.closure(path)} - paths
            if more:
                self._shares[key] = self._imported(own, roots | more)
            else:
                self._shares[key] = self._shares_of(total)
        return self._shares[key]

    def _units(self, path: str, own: str) -> Iterator[str]:
        """Yield the units of an imported file: its skeleton, or all units of another test file."""
        is_other_test_file = path != own and PurePosixPath(path).name.startswith("test_")
        if not is_other_test_file:
            yield f"code {path}::{SKELETON}"
            return
        for part in self.dependencies.parts.get(path, {}):
            yield f"code {path}::{part}"

    def _shares_of(self, observed: Observed) -> frozenset[Share] | None:
        """Return the shares of units and of the units whose probes ran, None when one is unknown."""
        ran: dict[str, set[int]] = {unit: set() for unit in observed.units}
        for path, numbers in observed.hits.items():
            owners = self.dependencies.owners.get(path, {})
            for number in numbers:
                if number not in owners:
                    return None
                ran.setdefault(owners[number], set()).add(number)
        shares = set()
        for unit, numbers in ran.items():
            digest = self.dependencies.digests[unit]
            if digest is None:
                return None
            shares.add((unit, digest, self._bits(unit, numbers)))
        return frozenset(shares)

    def _bits(self, unit: str, numbers: set[int]) -> bytes:
        """Return one bit for each probe of a unit. Their order is that of the code, so lines may move."""
        if not numbers:
            return b""
        owned = self.dependencies.probes(unit)
        value = sum(1 << place for place, number in enumerate(owned) if number in numbers)
        return value.to_bytes(len(owned) // 8 + 1, "little")

    def _conftests(self, path: str) -> Iterator[str]:
        for folder in PurePosixPath(path).parents:
            if f"{folder}/conftest.py" in self.dependencies.parts:
                yield f"{folder}/conftest.py"


def read_records(folder: Path, dependencies: Dependencies) -> list[Record]:
    """Read the files that the processes of a run wrote."""
    contents = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
    return [Record(dependencies, content) for content in contents]


def hits_of(results: Iterable[Result], dependencies: Dependencies) -> Hits:
    """Return the probes that ran in valid results, by file and by their current numbers."""
    shares = {share for result in results for share in result.shares if share[2]}
    hits: Hits = {}
    for unit, _, bits in shares:
        value = int.from_bytes(bits, "little")
        path = unit.partition(" ")[2].partition("::")[0]
        for place, number in enumerate(dependencies.probes(unit)):
            if value >> place & 1:
                hits.setdefault(path, set()).add(number)
    return hits


def _observed(content: Mapping[str, Any]) -> Observed:
    hits = {name: {*numbers} for name, numbers in content["hits"].items()}
    return Observed(hits, {*content["units"]}, {*content["modules"]}, {*content["uses"]})
