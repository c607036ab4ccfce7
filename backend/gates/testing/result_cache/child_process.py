"""The observation of a program that a test starts: its first import calls `observe_this_process`."""

import builtins
import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from gates.coverage.probes.cache import CodeCache
from gates.coverage.probes.instrument import PROBES_VARIABLE
from gates.testing.result_cache.child_records import CHILD, MODULE, START, RecordWriter, WrittenUnits
from gates.testing.result_cache.children import OBSERVED
from gates.testing.result_cache.folders import NO_SOURCES
from gates.testing.result_cache.measured_children import SETTINGS, Children, Settings
from gates.testing.result_cache.measurement import TESTS, ObservedMeasurement
from gates.testing.result_cache.observer import Observer

BYTECODE = "__pycache__"


class ChildObserver(Observer):
    """Writes each event to the record at once. Forks of the process write to the same record."""

    def __init__(self, writer: RecordWriter, backend: Path, packages: tuple[str, ...]) -> None:
        """Take the record, and the measured packages below `backend`."""
        super().__init__({}, backend)
        self._writer = writer
        self._measured = tuple(f"{backend.name}/{package}/" for package in packages)
        self.outside.units = WrittenUnits(writer)

    def note_fork(self) -> None:
        """Note nothing: a fork shares the record and the file of probes."""

    def note_child(self, name: str, unmeasured: set[str]) -> None:
        """Write a child that was started to be measured."""
        self._writer.write(CHILD, name, sorted(unmeasured))

    def note_import(self, kind: str, name: str) -> None:
        """Note a file that is read to be imported, unless its code is measured."""
        path = Path(name)
        if path.parent.name == BYTECODE:
            path = path.parents[1] / f"{path.name.partition('.')[0]}.py"
        is_measured = path.as_posix().startswith(self._measured)
        if kind == "file" and NO_SOURCES.isdisjoint(path.parts) and not is_measured:
            self.current.units.add(f"file {path.as_posix()}")


@dataclass(frozen=True)
class ChildMeasurement(ObservedMeasurement):
    """Lets probes write to the record. Modules of tests without probes are recorded by name."""

    writer: RecordWriter = field(kw_only=True)
    prepared: dict[Path, CodeType] = field(default_factory=dict)

    def is_measured(self, module: str) -> bool:
        """Return whether a module gets probes; write the name of a module of tests that gets none."""
        is_measured = super().is_measured(module)
        if module.partition(".")[0] == TESTS and not is_measured:
            self.writer.write(MODULE, module)
        return is_measured

    def importing(self, name: str) -> AbstractContextManager[object]:
        """Do nothing: all code of the process counts alike."""
        return nullcontext(name)

    def hits_of(self, path: Path) -> object:
        """Return the bytes of the record that the probes of a file write to. Raises SyntaxError."""
        return self._prepare(path, path.read_bytes())

    def code(self, path: Path, source: bytes) -> CodeType:
        """Return a module's code with probes. Raises SyntaxError.

        `python -m` executes the code of a module in `__main__`, which has no probes of its own.
        """
        if path not in self.prepared:
            setattr(builtins, PROBES_VARIABLE, self._prepare(path, source))
        return self.prepared.pop(path)

    def _prepare(self, path: Path, source: bytes) -> object:
        code, probes = self.cache.load(path, source)
        self.prepared[path] = code
        return self.writer.probes(f"{self.root.name}/{self.name_of(path)}", len(probes))


def observe_this_process() -> None:
    """Observe this process from now on, and forget the modules that were imported to do so."""
    path = Path(os.environ[OBSERVED])
    settings = Settings(**json.loads((path.parent / SETTINGS).read_text(encoding="utf-8")))
    backend, packages = Path(settings.backend), (*settings.packages, TESTS)
    writer = RecordWriter(path.parent, f"{path.name}.{os.getpid()}")
    observer = ChildObserver(writer, backend, packages)
    cache = CodeCache(Path(settings.cache))
    measurement = ChildMeasurement(backend, packages, cache, observer=observer, writer=writer)
    for name in [name for name in sys.modules if name.partition(".")[0] == "gates"]:
        del sys.modules[name]
    measurement.start()
    Children(observer, path.parent).measure()
    observer.start()
    writer.write(START)
