"""The sessions of the noxfile: their documentation, and the options that their programs print."""

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from typer.testing import CliRunner

from app.main import cli
from devtools.postgres import PROJECT

BACKEND = PROJECT / "backend"
PYTEST = ("pytest",)
COLUMNS = "90"
HELP_TIMEOUT_SECONDS = 60
SUBCOMMANDS = "app"
"""The session whose first argument is a command with options of its own."""
RESET = "reset"
"""The command of that session that the application does not have."""
ENVIRONMENT = {"COLUMNS": COLUMNS, "TERM": "dumb", "NO_COLOR": "1"}


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
        if self.name != SUBCOMMANDS:
            return help_of(tuple(self.command))
        if words[:1] == (RESET,):
            return help_of((*self.command, RESET))
        return help_of_application(words)


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
        env=os.environ | ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=HELP_TIMEOUT_SECONDS,
    )
    return "" if result.returncode else _without_trailing_spaces(result.stdout)


def help_of_application(words: Sequence[str]) -> str:
    """Return what `python -m app … --help` prints, "" when it fails. The application is not loaded again."""
    result = CliRunner().invoke(cli, [*words, "--help"], env=ENVIRONMENT, prog_name="python -m app")
    return "" if result.exit_code else _without_trailing_spaces(result.stdout)


def _without_trailing_spaces(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


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
