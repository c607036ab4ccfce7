"""Results of analysing single files, kept in reports/cache until the file, the gate or Python changes."""

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from inspect import getsourcefile
from pathlib import Path
from typing import TypeVar

from devtools.file_locks import open_lock_file, wait_for_lock
from gates.model import Project
from gates.repo import files, python

T = TypeVar("T")


def cached_per_file(
    project: Project, names: Iterable[str], analyse: Callable[[Project, str], T], *settings: object
) -> dict[str, T]:
    """Return the result of `analyse` for each file. It runs only for files that changed since its last run.

    Results must be JSON and depend only on the file, its name, the `settings`, Python, and the code of three
    modules: the one of `analyse`, `files` and `python`. When results are added, those of files that are no
    longer named are dropped, except at commit, when gates look at some of the files.
    """
    modules = (getsourcefile(analyse), files.__file__, python.__file__)
    code = project.memoize(("digest of code", modules), lambda: _digest(*modules))
    path = project.reports / "cache" / f"{analyse.__module__}.{analyse.__qualname__}.json"
    keys = {
        name: hashlib.sha256(f"{code}{settings!r}{name}\0{_content(project, name)}".encode()).hexdigest()
        for name in names
    }
    known: dict[str, T] = _read(path)
    if not known.keys() >= set(keys.values()):
        with _locked(path):  # sessions that run at the same time ask for the same results
            known = _read(path)
            new = {key: analyse(project, name) for name, key in keys.items() if key not in known}
            old = known if project.staged else {key: known[key] for key in keys.values() if key in known}
            known = {**old, **new}
            _write(path, json.dumps(known))
    return {name: known[key] for name, key in keys.items()}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process or thread computes the results of this file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = open_lock_file(path.with_suffix(".lock"))
    try:
        wait_for_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _content(project: Project, name: str) -> str:
    """Return a digest of a file's content, which several gates ask for."""
    question = ("digest of content", name)
    return project.memoize(question, lambda: hashlib.sha256(files.content(project, name)).hexdigest())


def _read(path: Path) -> dict[str, T]:
    """Return the file's content; nothing when it is missing or was cut short."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(path: Path, text: str) -> None:
    """Replace the file atomically, so a concurrent reader gets the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _digest(*modules: str | None) -> str:
    """Return a digest of these modules' code and of the Python that runs it."""
    code = [Path(module).read_bytes() for module in modules if module]
    return hashlib.sha256(b"\0".join([sys.version.encode(), *code])).hexdigest()
