"""Says what a test depends on through a program that it starts: what happens in there is not observed."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from gates.testing.result_cache.folders import NO_SOURCES

CODE = "tree code"
"""The unit of all code and data below backend/, and of the tasks."""
CHECKOUT = "tree checkout"
"""The unit of everything, git's own state included: a test that depends on it always runs."""
PACKAGES = ("app", "benchmarks", "devtools", "faults", "gates", "scaffold", "tests")
GIT_IN_SHELL = re.compile(r"(?<![\w./-])git\s")
"""git in a command line that a shell reads, also in that of `os.system`."""
USERS_OF_GIT = {"git", "nox", "noxw"}
SEARCH_PATH = "PYTHONPATH"
KEPT_VARIABLE = "PAU2_RESULT_IS_KEPT"
"""Marks a child whose result is kept for later runs under a digest of files, which the parent reads."""
IN_BACKGROUND = ("/bin/sh", "-c", '"$@" &', "sh")
"""Begins a command that the shell starts without waiting for it."""
OF_THE_STANDARD_LIBRARY = {"file", "gcc", "ld", "ldconfig", "objdump", "uname"}
"""Programs that `ctypes.util` and `platform` run to inspect the system. Libraries use them on import."""


@dataclass(frozen=True)
class Child:
    """A started program: its command, its folder (None: ours), and its environment (None: ours)."""

    command: Sequence[Any] | str
    folder: Any = None
    environment: Mapping[Any, Any] | None = None


def units_of_child(child: Child, backend: Path) -> set[str]:
    """Return the units that a child may depend on.

    One that has to do with the checkout depends on all of its code. git depends on more, and so do the gates,
    which start it. Python elsewhere may import `gates` and the packages that its command names if it finds
    backend/ through PYTHONPATH or its command.
    """
    root = backend.parent
    words = [child.command] if isinstance(child.command, str | bytes) else [*child.command]
    command = [os.fsdecode(word) for word in words]
    if tuple(command[: len(IN_BACKGROUND)]) == IN_BACKGROUND:
        del command[: len(IN_BACKGROUND)]
    folder = Path(os.fsdecode(child.folder)).absolute() if child.folder else Path.cwd()
    environment = os.environ if child.environment is None else child.environment
    program = Path(command[0]).name
    is_here = folder.is_relative_to(root) or any(_mentions(word, root) for word in command[1:])
    if program in OF_THE_STANDARD_LIBRARY or KEPT_VARIABLE in environment:
        return set()
    if program in USERS_OF_GIT or any(GIT_IN_SHELL.search(word) for word in command):
        return {CHECKOUT} if is_here else set()
    if not program.startswith("python"):
        return {CODE} if is_here else set()
    if folder.is_relative_to(root):
        return {_of_python_here(command, root)}
    is_found = str(backend) in os.fsdecode(environment.get(SEARCH_PATH, "")).split(os.pathsep)
    if not is_found and not is_here:
        return set()
    pairs = list(pairwise(command))
    named = {package for package in PACKAGES if any(_names(*pair, package, backend) for pair in pairs)}
    return {f"tree {package}" for package in (named | {"gates"} if is_found else named)}


def _of_python_here(command: Sequence[str], root: Path) -> str:
    """Return the unit of Python that was started in the checkout."""
    match command[1:]:
        case ["-I", "-S", script, *_] if script.startswith(f"{root}{os.sep}"):
            return f"file {Path(script).relative_to(root).as_posix()}"  # it sees the standard library alone
        case ["-m", "app", *_]:
            return "tree app"  # it starts no other program of the checkout
        case ["-m", "gates", *_]:
            return CHECKOUT
        case _:
            return CODE


def _mentions(word: str, root: Path) -> bool:
    """Whether a word of a command has to do with what a change can bring along."""
    if str(root) not in word:
        return False
    rest = word.partition(str(root))[2].lstrip("/")
    return rest.partition("/")[0] not in NO_SOURCES


def _names(option: str, word: str, package: str, backend: Path) -> bool:
    """Whether a word of a command, after another one, names a module of a package, or a file in it."""
    if option == "-c":
        return re.search(rf"\b{package}\b", word) is not None
    return (option in {"-m", "-p"} and word.partition(".")[0] == package) or f"{backend}/{package}" in word
