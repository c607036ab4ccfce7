"""The units that a test depends on through the programs that it starts, which are not observed inside."""

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
"""The unit of all files and of git's own state: a test that depends on it always runs."""
NAMES = "tree names"
"""The unit of the names of all files."""
PACKAGES = ("app", "benchmarks", "devtools", "faults", "gates", "scaffold", "tests")
GIT_IN_SHELL = re.compile(r"(?<![\w./-])git\s")
"""git in the command line of a shell, such as `os.system` starts."""
LISTING_OF_GIT = "ls-files"
USERS_OF_GIT = {"git", "nox", "noxw"}
SEARCH_PATH = "PYTHONPATH"
KEPT_VARIABLE = "PAU2_RESULT_IS_KEPT"
"""Marks a child whose result the parent stores under a digest of the files that it reads itself."""
OBSERVED = "PAU2_OBSERVED"
"""Tells a child to observe itself: the path of its record without the number of the process."""
IN_BACKGROUND = ("/bin/sh", "-c", '"$@" &', "sh")
"""The first words of a command that the shell starts without waiting for it."""
OF_THE_STANDARD_LIBRARY = {"file", "gcc", "ld", "ldconfig", "objdump", "uname"}
"""Programs that `ctypes.util` and `platform` run to inspect the system. Libraries use them on import."""


@dataclass(frozen=True)
class Child:
    """A started program. It has the folder and the environment of this process where these are None."""

    command: Sequence[Any] | str
    folder: Any = None
    environment: Mapping[Any, Any] | None = None


def units_of_child(child: Child, backend: Path) -> set[str]:
    """Return the units that a child may depend on.

    A program that runs in the checkout or gets a path in it depends on all code. git, and the gates that
    start git, depend on the whole checkout; `git ls-files` depends on the names of its files. Python in
    another folder may import `gates` if PYTHONPATH has backend/, and the packages that its command names.
    """
    root = backend.parent
    command = words_of(child.command)
    folder = Path(os.fsdecode(child.folder)).absolute() if child.folder else Path.cwd()
    environment = os.environ if child.environment is None else child.environment
    program = Path(command[0]).name
    is_here = folder.is_relative_to(root) or any(_mentions(word, root) for word in command[1:])
    if program in OF_THE_STANDARD_LIBRARY or KEPT_VARIABLE in environment:
        return set()
    if not program.startswith("python") or any(GIT_IN_SHELL.search(word) for word in command):
        return {_of_other_program(program, command)} if is_here else set()
    if folder.is_relative_to(root):
        return {_of_python_here(command, root)}
    is_found = str(backend) in os.fsdecode(environment.get(SEARCH_PATH, "")).split(os.pathsep)
    if not is_found and not is_here:
        return set()
    pairs = list(pairwise(command))
    packages = {package for package in PACKAGES if any(_names(*pair, package, backend) for pair in pairs)}
    if is_found:
        packages.add("gates")
    return {f"tree {package}" for package in packages}


def _of_other_program(program: str, command: Sequence[str]) -> str:
    """Return the unit for a program other than Python that was started in the checkout."""
    if program == "git" and LISTING_OF_GIT in command:
        return NAMES
    is_git = program in USERS_OF_GIT or any(GIT_IN_SHELL.search(word) for word in command)
    return CHECKOUT if is_git else CODE


def words_of(command: Sequence[Any] | str) -> list[str]:
    """Return the words of a command, without the shell that starts it in the background."""
    words = [command] if isinstance(command, str | bytes) else command
    decoded = [os.fsdecode(word) for word in words]
    if tuple(decoded[: len(IN_BACKGROUND)]) == IN_BACKGROUND:
        return decoded[len(IN_BACKGROUND) :]
    return decoded


def _of_python_here(command: Sequence[str], root: Path) -> str:
    """Return the unit for a Python process that was started in the checkout."""
    match command[1:]:
        case ["-I", "-S", script, *_] if script.startswith(f"{root}{os.sep}"):
            return (
                f"file {Path(script).relative_to(root).as_posix()}"  # it can import only the standard library
            )
        case ["-m", "app", *_]:
            return "tree app"  # it starts no other program of the checkout
        case ["-m", "gates", *_]:
            return CHECKOUT
        case _:
            return CODE


def _mentions(word: str, root: Path) -> bool:
    """Return whether a word of a command contains a path of the checkout that may hold sources."""
    if str(root) not in word:
        return False
    rest = word.partition(str(root))[2].lstrip("/")
    return rest.partition("/")[0] not in NO_SOURCES


def _names(option: str, word: str, package: str, backend: Path) -> bool:
    """Return whether a word names a package's module or file. `option` is the word before it."""
    if option == "-c":
        return re.search(rf"\b{package}\b", word) is not None
    return (option in {"-m", "-p"} and word.partition(".")[0] == package) or f"{backend}/{package}" in word
