"""What gates saw in single files, kept in reports/cache until the file, the gate or Python change."""

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from inspect import getsourcefile
from pathlib import Path
from typing import TypeVar

from gates import sources
from gates.model import Project

T = TypeVar("T")


def remembered(
    project: Project, names: Iterable[str], look: Callable[[Project, str], T], *settings: object
) -> dict[str, T]:
    """Return what `look` says of each file, and ask it only about files that it has not seen as they are.

    What it says must be JSON and must depend on nothing but the file, its name, the `settings`, Python, and
    the code of its own module and of `gates.sources`.
    """

    def look_at_each(project: Project, unseen: Sequence[str]) -> list[T]:
        return [look(project, name) for name in unseen]

    return remembered_together(project, names, look, look_at_each, *settings)


def remembered_together(
    project: Project,
    names: Iterable[str],
    look: Callable[[Project, str], T],
    look_at_all: Callable[[Project, Sequence[str]], list[T]],
    *settings: object,
) -> dict[str, T]:
    """Do what `remembered` does, but ask about all unseen files at once, in what order they are given."""
    code = _digest(getsourcefile(look), sources.__file__)
    path = project.reports / "cache" / f"{look.__module__}.{look.__qualname__}.json"
    known: dict[str, T] = _read(path)
    keys = {name: _key(project, name, f"{code}{settings!r}") for name in names}
    unseen = [name for name, key in keys.items() if key not in known]
    found = dict(zip(unseen, look_at_all(project, unseen) if unseen else [], strict=True))
    said = {name: found[name] if name in found else known[key] for name, key in keys.items()}
    if found or {*keys.values()} != known.keys():
        _write(path, json.dumps({keys[name]: what for name, what in said.items()}))
    return said


def _key(project: Project, name: str, code: str) -> str:
    content = (project.root / name).read_bytes()
    return hashlib.sha256(f"{code}{name}\0".encode() + content).hexdigest()


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
