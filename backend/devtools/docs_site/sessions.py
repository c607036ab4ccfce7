"""The sessions of the noxfile: their documentation, and the options that their programs print."""

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from devtools.postgres import PROJECT

BACKEND = PROJECT / "backend"
PYTEST = ("pytest",)
COLUMNS = "90"
HELP_TIMEOUT_SECONDS = 60
SUBCOMMANDS = "app"
"""The session whose first argument is a command with options of its own."""


@dataclass(frozen=True)
class Session:
    """One session. `command` is the module that gets the words after `--` and its first arguments.

    `command` is empty for a session without a program that describes its options.
    """

    name: str
    summary: str
    command: Sequence[str] = ()

    def help(self, *words: str) -> str:
        """Return the program's output for `--help`, "" when it has none. `words` name its command."""
        if not self.command:
            return ""
        if self.name == SUBCOMMANDS:
            return help_of((*self.command, *words))
        return help_of(tuple(self.command))


def read_sessions(noxfile: Path = PROJECT / "noxfile.py") -> list[Session]:
    """Return the sessions in the order of the noxfile."""
    tree = ast.parse(noxfile.read_text(encoding="utf-8"))
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    return [
        Session(each.name, ast.get_docstring(each) or "", _command(each))
        for each in functions
        if any("nox.session" in ast.unparse(decorator) for decorator in each.decorator_list)
    ]


@cache
def help_of(command: tuple[str, ...]) -> str:
    """Return the output of `python -m … --help`, "" when it fails."""
    result = subprocess.run(
        [sys.executable, "-m", *command, "--help"],
        cwd=BACKEND,
        env=os.environ | {"COLUMNS": COLUMNS, "TERM": "dumb", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=HELP_TIMEOUT_SECONDS,
    )
    return "" if result.returncode else "\n".join(line.rstrip() for line in result.stdout.splitlines())


def _command(function: ast.FunctionDef) -> tuple[str, ...]:
    """Return the module and first arguments of the program that gets the session's arguments."""
    if function.name == "tests":
        return PYTEST
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        passes_arguments = any("session.posargs" in ast.unparse(argument) for argument in call.args)
        words = [word.value for word in call.args if isinstance(word, ast.Constant)]
        if passes_arguments and words[:1] == ["-m"]:
            return tuple(str(word) for word in words[1:])
    return ()
