"""The records of measured children: what each depended on, readable even if it was killed.

A record has one JSON list a line. Probes write into a second file that is mapped into the child's memory, so
nothing is lost when the child is killed. A record is named by the token of the start and the process:
all processes with one token descend from the same start.
"""

import json
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_PROBES = 1 << 20
"""The size of the file of probes. It takes space on disk only for pages that are written."""
START = "start"
"""The kind of the line that says that the observation has begun."""
UNIT = "unit"
MODULE = "module"
"""The kind of a line with the name of a module of tests that has no probes."""
LOADED = "loaded"
"""The kind of a line with a loaded file, and where its probes are."""
CHILD = "child"
"""The kind of a line with the record of a started program, and with its units if it leaves no record."""
PROBES_SUFFIX = ".probes"


@dataclass(frozen=True)
class ChildRecord:
    """What one start of a program depended on, with all processes that it started.

    `loaded` has the probes that ran of each loaded file that is measured.
    """

    units: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    loaded: dict[str, set[int]] = field(default_factory=dict)

    def add(self, other: "ChildRecord") -> None:
        """Include another record."""
        self.units.update(other.units)
        self.modules.update(other.modules)
        for path, numbers in other.loaded.items():
            self.loaded.setdefault(path, set()).update(numbers)


class RecordWriter:
    """Writes the record of this process."""

    def __init__(self, folder: Path, name: str) -> None:
        """Create the file of probes; the record itself appears with the first line."""
        self._path = folder / name
        self._used = 0
        with _probes_of(self._path).open("w+b") as file:
            file.truncate(MAX_PROBES)
            self._probes = memoryview(mmap.mmap(file.fileno(), MAX_PROBES))

    def write(self, *line: object) -> None:
        """Append a line."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")

    def probes(self, path: str, count: int) -> memoryview:
        """Return the bytes for the probes of a loaded file. Raises ValueError when there is no more space."""
        start = self._used
        self._used += count
        if self._used > MAX_PROBES:
            raise ValueError("too many probes")
        self.write(LOADED, path, start, count)
        return self._probes[start : self._used]


class WrittenUnits(set[str]):
    """A set of units that also appends each new one to the record."""

    def __init__(self, writer: RecordWriter) -> None:
        """Create an empty set."""
        super().__init__()
        self._writer = writer

    def add(self, unit: str) -> None:
        """Add a unit."""
        if unit not in self:
            super().add(unit)
            self._writer.write(UNIT, unit)

    def update(self, *others: Iterable[str]) -> None:
        """Add several units."""
        for unit in (unit for units in others for unit in units):
            self.add(unit)


def read_child(folder: Path, name: str, unmeasured: Iterable[str]) -> ChildRecord:
    """Return the record of a start. `unmeasured` are its units if the started process left no record."""
    total = ChildRecord()
    if not (folder / name).exists():
        total.units.update(unmeasured)
    for path in folder.glob(f"{name.partition('.')[0]}.*"):
        if path.suffix != PROBES_SUFFIX:
            for line in _lines(path):
                total.add(_read(folder, path, line))
    return total


def _probes_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{PROBES_SUFFIX}")


def _lines(path: Path) -> Iterator[list[Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _read(folder: Path, path: Path, line: list[Any]) -> ChildRecord:
    match line:
        case ["child", name, unmeasured]:
            return read_child(folder, name, unmeasured)
        case ["loaded", file, start, count]:
            with _probes_of(path).open("rb") as probes:
                probes.seek(start)
                hits = probes.read(count)
            return ChildRecord(loaded={file: {number for number, hit in enumerate(hits) if hit}})
        case ["module", name]:
            return ChildRecord(modules={name})
        case ["unit", unit]:
            return ChildRecord(units={unit})
        case _:
            return ChildRecord()
