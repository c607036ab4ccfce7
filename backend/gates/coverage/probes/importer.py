"""The import of measured modules with probes, whose records it keeps."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from gates.coverage.probes.cache import CodeCache
from gates.coverage.probes.instrument import PROBES_VARIABLE, Arc, Probe


@dataclass(frozen=True)
class Executed:
    """The executed lines of a file, each the first of a statement, and branches."""

    lines: frozenset[int]
    arcs: frozenset[Arc]


@dataclass(frozen=True)
class Measurement:
    """The lines and branches of the measured packages, folders of the root, that this process ran.

    Files are named by their path relative to the root. `hits` has one number a probe, 1 for those that ran.
    """

    root: Path
    packages: Sequence[str]
    cache: CodeCache
    probes: dict[str, list[Probe]] = field(default_factory=dict)
    hits: dict[str, list[int]] = field(default_factory=dict)

    def start(self) -> None:
        """Measure later imports; measured packages that are already imported are imported again."""
        sys.meta_path.insert(0, _ProbeFinder(self))
        for name in [name for name in sys.modules if self.is_measured(name)]:
            del sys.modules[name]

    def is_measured(self, module: str) -> bool:
        """Return whether a module belongs to a measured package."""
        return module.partition(".")[0] in self.packages

    def measured_files(self) -> list[str]:
        """Return the Python files of the measured packages, imported or not."""
        found = (path for package in self.packages for path in (self.root / package).rglob("*.py"))
        return sorted(map(self.name_of, found))

    def importing(self, name: str) -> AbstractContextManager[object]:
        """Return what surrounds the import of a measured module."""
        return nullcontext(name)

    def hits_of(self, path: Path) -> object:
        """Return what the probes of a file write to: the same list whenever it is imported."""
        return self.hits.setdefault(self.name_of(path), [])

    def code(self, path: Path, source: bytes) -> CodeType:
        """Return a module's code with probes. Raises SyntaxError."""
        code, probes = self.cache.load(path, source)
        self.probes[self.name_of(path)] = probes
        hits = self.hits.setdefault(self.name_of(path), [])
        hits.extend([0] * (len(probes) - len(hits)))
        return code

    def collect(self) -> dict[str, Executed]:
        """Return what ran since this was called last, by file."""
        taken: dict[str, Executed] = {}
        for name, hits in self.hits.items():
            if 1 in hits:
                taken[name] = executed(p for p, hit in zip(self.probes[name], hits, strict=True) if hit)
                hits[:] = [0] * len(hits)
        return taken

    def name_of(self, path: Path) -> str:
        """Return the path of a file relative to the root."""
        return path.relative_to(self.root).as_posix()


class _ProbeFinder(MetaPathFinder):
    """Finds measured modules where they are, and gives them a loader that adds the probes."""

    def __init__(self, measurement: Measurement) -> None:
        self._measurement = measurement

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self._measurement.is_measured(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            file = Path(spec.loader.path).resolve()
            if file.is_relative_to(self._measurement.root):
                spec.loader = _ProbeLoader(fullname, file, self._measurement)
        return spec


class _ProbeLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: Path, measurement: Measurement) -> None:
        super().__init__(fullname, str(path))
        self._file = path
        self._measurement = measurement

    def exec_module(self, module: ModuleType) -> None:
        vars(module)[PROBES_VARIABLE] = self._measurement.hits_of(self._file)
        with self._measurement.importing(module.__name__):
            super().exec_module(module)

    def get_code(self, fullname: str) -> CodeType:
        return self._measurement.code(self._file, self.get_data(self.get_filename(fullname)))


def executed(probes: Iterable[Probe]) -> Executed:
    """Return what probes prove together.

    A branch counts only if its target ran: an exception can interrupt the exit of a `with` block.
    """
    known = list(probes)
    lines = frozenset(line for probe in known for line in probe.lines)
    arcs = frozenset(arc for probe in known for arc in probe.arcs if arc[1] < 0 or arc[1] in lines)
    return Executed(lines, arcs)
