"""The observation of code while a test, a fixture or an import runs, recorded separately for each.

Probes record the statements that ran. Audit hooks record opened files, listed folders and started programs.
"""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from gates.repo.process import STARTS_CHILD
from gates.testing.result_cache.children import CODE, OBSERVED, Child, units_of_child
from gates.testing.result_cache.copies import Copies
from gates.testing.result_cache.folders import NO_SOURCES

LISTINGS = ("os.listdir", "os.scandir")
FORK_SERVER = "pymp-"  # part of the address of multiprocessing's server
READERS_OF_CODE = (
    "importlib",
    "_pytest",
    "probes",
    "child_process.py",
    "hypothesis",
    "linecache.py",
    "inspect.py",
)
"""Parts of paths of modules that read source code for imports, tracebacks, or random examples."""
STANDARD_LIBRARY = str(Path(os.__file__).parent)


@dataclass(eq=False)
class Observed:
    """An observation: probes by file, units read, modules loaded, other observations used, and children.

    `children` has the units of each measured child that count if it did not record any itself.
    """

    hits: dict[str, set[int]] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    children: dict[str, set[str]] = field(default_factory=dict)

    def add(self, other: "Observed") -> None:
        """Include another observation."""
        for name, numbers in other.hits.items():
            self.hits.setdefault(name, set()).update(numbers)
        self.units |= other.units
        self.modules |= other.modules
        self.uses |= other.uses
        self.children |= other.children


class Observer:
    """Adds events to the innermost open observation.

    `hits` has a list for each measured file below `backend`: 1 for each probe that ran. The checkout is the
    parent folder of `backend`.
    """

    def __init__(self, hits: dict[str, list[int]], backend: Path) -> None:
        """Prepare an observer that `start` activates."""
        self.outside = Observed()
        self.kept: dict[str, Observed] = {}
        self.starts: set[str] = set()
        self._hits = hits
        self._backend = backend
        self._root = f"{backend.parent}{os.sep}"
        self._open = [self.outside]
        self._announced = 0
        self._copies = Copies(self._root)

    def start(self) -> None:
        """Observe from now on, until the process ends."""
        sys.addaudithook(self._audit)
        for name in ("stat", "lstat"):
            setattr(os, name, self._noting(getattr(os, name)))

    def units_of(self, child: Child) -> set[str]:
        """Return the units that a child may depend on if it is not measured."""
        return units_of_child(child, self._backend)

    def is_measured(self, child: Child) -> bool:
        """Return whether this process starts the child to be measured."""
        return (child.environment or {}).get(OBSERVED) in self.starts

    def note_child(self, name: str, unmeasured: set[str]) -> None:
        """Note a child that was started to be measured; `unmeasured` counts if it leaves no record."""
        self.current.children[name] = unmeasured

    def note_fork(self) -> None:
        """Note a fork of this process, which is not observed."""
        self.current.units.add(CODE)

    def note_import(self, kind: str, name: str) -> None:
        """Note a path that only serves to import code: nothing, since units of code are noted instead."""

    @property
    def current(self) -> Observed:
        """The innermost observation."""
        return self._open[-1]

    @contextmanager
    def observing(self, observed: Observed) -> Iterator[None]:
        """Add the events inside this context to an observation."""
        self.flush()
        self._open.append(observed)
        try:
            yield
        finally:
            self.flush()
            self._open.remove(observed)
            if not any(kept is observed for kept in self.kept.values()):
                self._copies.forget(observed)

    def keep(self, key: str) -> Observed:
        """Return the observation of this key; create it at the first call."""
        return self.kept.setdefault(key, Observed())

    def flush(self, observed: Observed | None = None) -> None:
        """Add the probes that ran since the last call to an observation, by default the innermost."""
        target = self.current if observed is None else observed
        for name, hits in self._hits.items():
            if 1 in hits:
                numbers = [number for number, hit in enumerate(hits) if hit]
                target.hits.setdefault(f"{self._backend.name}/{name}", set()).update(numbers)
                for number in numbers:
                    hits[number] = 0

    def _noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noting(path: object, *arguments: object, **options: object) -> object:
            self._note("stat", path)
            return function(path, *arguments, **options)

        return noting

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if not _writes(mode, flags):
                self._note("file", path)
        elif event in LISTINGS:
            self._note("folder", arguments[0] or ".")
        elif event in {"os.fork", "os.forkpty"}:
            self.note_fork()
        elif event == "socket.connect" and FORK_SERVER in str(arguments[1]):
            self._announced -= 1
            if self._announced < 0:
                self._announced = 0
                self.current.units.add(CODE)
        elif event == "shutil.copyfile":
            source, copy = arguments
            self._copies.note(_absolute(source), _absolute(copy), maker=self.current)
        elif child := _child(event, arguments):
            self._announced += event == STARTS_CHILD
            self.current.units.update(self._copies.units_of_child(child))
            if not self.is_measured(child):
                self.current.units.update(self.units_of(child))

    def _note(self, kind: str, path: object) -> None:
        """Note an access to a path of the checkout, unless it only serves to import code."""
        if not isinstance(path, str | bytes | os.PathLike):
            return
        text = _absolute(path)
        if kind == "file" and (unit := self._copies.unit_of(text)):
            self.current.units.add(unit)
        elif kind == "file" and self._copies.is_being_copied(text):
            return
        elif f"{text}/".startswith(self._root):
            name = text[len(self._root) :]
            if _serves_imports(inspect.currentframe()):
                self.note_import(kind, name)
            elif NO_SOURCES.isdisjoint(Path(name).parts):
                self.current.units.add(f"{kind} {name}")


def _child(event: str, arguments: tuple[Any, ...]) -> Child | None:
    """Return the program that an audit event starts, None for other events."""
    match event:
        case "subprocess.Popen":
            program, command, folder, environment = arguments
            return Child(command or [program], folder, environment)
        case "os.exec" | "os.posix_spawn":
            return Child(arguments[1], None, arguments[2])
        case "os.system":
            return Child(arguments[0])
        case _:
            return Child(*arguments) if event == STARTS_CHILD else None


def _absolute(path: str | bytes | os.PathLike[Any]) -> str:
    return os.path.normpath(Path.cwd() / os.fsdecode(path))


def _writes(mode: str | None, flags: int) -> bool:
    return flags & os.O_ACCMODE == os.O_WRONLY or bool(mode and {*mode} & {*"wxa"})


def _serves_imports(frame: FrameType | None) -> bool:
    """Return whether the nearest caller outside of this file and the standard library reads source code."""
    while frame:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib") or any(part in READERS_OF_CODE for part in Path(name).parts):
            return True
        if name != __file__ and not name.startswith((STANDARD_LIBRARY, "<frozen")):
            return False
        frame = frame.f_back
    return False
