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
PACKAGES = ("app", "benchmarks", "devtools", "faults", "gates", "tests")
GIT_IN_SHELL = re.compile(r"(?<![\w./-])git\s")
"""git in a command line that a shell reads, also in that of `os.system`."""
OF_THE_STANDARD_LIBRARY = {"file", "gcc", "ld", "ldconfig", "objdump", "uname"}
"""What `ctypes.util` and `platform` ask about the system; libraries do so when they are imported."""


@dataclass(frozen=True)
class Child:
    """A started program: its command, its folder (None: ours), and its environment (None: ours)."""

    command: Sequence[Any] | str
    folder: Any = None
    environment: Mapping[Any, Any] | None = None


def units_of_child(child: Child, backend: Path) -> set[str]:
    """Return the units that a child may depend on.

    One that has to do with the checkout depends on all of its code, and git on all of it. Python elsewhere
    may import the packages that its command names, and `gates` when it finds backend/ through PYTHONPATH.
    """
    root = backend.parent
    words = [child.command] if isinstance(child.command, str | bytes) else [*child.command]
    command = [os.fsdecode(word) for word in words]
    folder = Path(os.fsdecode(child.folder)).absolute() if child.folder else Path.cwd()
    program = Path(command[0]).name
    is_here = folder.is_relative_to(root) or any(_mentions(word, root) for word in command[1:])
    if program in OF_THE_STANDARD_LIBRARY:
        return set()
    if program == "git" or any(GIT_IN_SHELL.search(word) for word in command):
        return {CHECKOUT} if is_here else set()
    if not program.startswith("python"):
        return {CODE} if is_here else set()
    if folder.is_relative_to(root):
        return {CODE}
    environment = os.environ if child.environment is None else child.environment
    pairs = list(pairwise(command))
    named = {package for package in PACKAGES if any(_names(*pair, package, backend) for pair in pairs)}
    if any(str(backend) in str(value).split(os.pathsep) for value in environment.values()):
        named.add("gates")
    return {f"tree {package}" for package in named}


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
