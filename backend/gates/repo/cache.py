"""What gates saw in single files, kept in reports/cache until the file, the gate or Python change."""

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from inspect import getsourcefile
from pathlib import Path
from typing import TypeVar

from gates.model import Project
from gates.repo import files

T = TypeVar("T")


def remembered(
    project: Project, names: Iterable[str], look: Callable[[Project, str], T], *settings: object
) -> dict[str, T]:
    """Return what `look` says of each file, and ask it only about files that it has not seen as they are.

    What it says must be JSON and must depend on nothing but the file, its name, the `settings`, Python, and
    the code of its own module and of `gates.repo.files`. What is no longer asked for is forgotten, except at
    commit, when gates ask about some of the files.
    """
    code = _digest(getsourcefile(look), files.__file__)
    path = project.reports / "cache" / f"{look.__module__}.{look.__qualname__}.json"
    known: dict[str, T] = _read(path)
    current: dict[str, T] = dict(known) if project.staged else {}
    said: dict[str, T] = {}
    for name in names:
        content = (project.root / name).read_bytes()
        key = hashlib.sha256(f"{code}{settings!r}{name}\0".encode() + content).hexdigest()
        said[name] = current[key] = known[key] if key in known else look(project, name)
    if current.keys() != known.keys():
        _write(path, json.dumps(current))
    return said


def _read(path: Path) -> dict[str, T]:
    """Return the file's content; nothing when it is missing or was cut short."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(path: Path, text: str) -> None:
    """Replace the file at once, so that whoever reads it meanwhile has the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _digest(*modules: str | None) -> str:
    """Return what stands for these modules' code and for the Python that runs it."""
    code = [Path(module).read_bytes() for module in modules if module]
    return hashlib.sha256(b"\0".join([sys.version.encode(), *code])).hexdigest()
