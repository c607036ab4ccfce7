"""Says which tests have to run: those without a result that holds."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from gates.repo.files import files
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.store import Result, Store

IRRELEVANT = (
    *("COLORTERM", "COLUMNS", "DBUS_", "DESKTOP_SESSION", "DISPLAY", "EDITOR", "GPG_", "HIST"),
    *("HOSTNAME", "INVOCATION_ID", "JOURNAL_STREAM", "LESS", "LINES", "LOGNAME", "LS_COLORS"),
    *("MAIL", "NOX_", "OLDPWD", "PAGER", "PS1", "PWD", "SESSION_", "SHLVL", "SSH_", "STY"),
    *("TERM", "TMUX", "USER", "VIRTUAL_ENV", "VISUAL", "VSCODE_", "WAYLAND_", "WINDOW"),
    *("XAUTHORITY", "XDG_", "ZDOTDIR", "_", "PAU2_RESULT_CACHE", "PAU2_FINDINGS_LATER"),
    *("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER"),
    *("GIT_ASKPASS", "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_EDITOR", "GIT_EXEC_PATH", "GIT_PAGER"),
    *("GIT_REFLOG_ACTION", "GITHUB_", "RUNNER_"),
)
"""Prefixes of variables of a terminal and its session, which no test reads without setting them itself."""
CONTEXT = ("file backend/pyproject.toml", "file backend/requirements/dev.txt", "folder backend", "folder ")
"""Units that every test depends on, with the code that measures and observes."""
MACHINERY = ("backend/gates/coverage/probes/", "backend/gates/testing/result_cache/")

MANY = 20
"""Tests from which on several processes are worth their start."""


@dataclass(frozen=True)
class Selection:
    """Which results hold, of tests and of collected files, and what pytest has to run: tests, and files."""

    held: Mapping[str, Result]
    arguments: list[str]

    @property
    def tests(self) -> list[str]:
        """The tests that are known to pass."""
        return [name for name in self.held if "::" in name]

    @property
    def divided_files(self) -> set[str]:
        """The files of which only some tests have to run."""
        return {name.partition("::")[0] for name in self.arguments if "::" in name}

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known: pytest then finds the tests itself."""
        return not self.held

    @property
    def is_large(self) -> bool:
        """Whether several processes are worth their start."""
        return len(self.arguments) > MANY or any("::" not in name for name in self.arguments)

    def describe(self, ran: str) -> str:
        """Say how many tests ran, "12 tests", and how many did not have to."""
        count = int(ran.partition(" ")[0])
        if not self.tests:
            return ran
        minutes = round((time.time() - min(self.held[name].passed_at for name in self.tests)) / 60)
        known = f"{len(self.tests):,} unchanged since they passed ({_ago(minutes)})"
        return f"{count + len(self.tests):,} tests: {count:,} run, {known}"


def context_of(dependencies: Dependencies, environment: Mapping[str, str], *more: str) -> str:
    """Return a digest of what all tests depend on: interpreter, lock, settings, variables, our own code."""
    machine = [sys.version, platform.platform(), sys.executable.partition(".venv")[2], *more]
    variables = [
        f"{name}={_without_git(value) if name == 'PATH' else value}"
        for name, value in sorted(environment.items())
        if not name.startswith(IRRELEVANT)
    ]
    units = [str(dependencies.digest(unit)) for unit in CONTEXT]
    paths = sorted(path for path in dependencies.parts if path.startswith(MACHINERY))
    code = [dependencies.code_digest(path) for path in paths]
    text = "\0".join([*machine, *variables, *units, *code])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def select(dependencies: Dependencies, store: Store, context: str, *, whole: bool = False) -> Selection:
    """Return which tests hold and which have to run, all of them in a whole run.

    The tests of a file are known while nothing changed that decides which there are. Otherwise all run.
    """
    known = {} if whole else store.load(context, dependencies.digests)
    held: dict[str, Result] = {}
    arguments: list[str] = []
    for file in test_files(dependencies):
        if file not in known:
            arguments.append(file)
            continue
        held[file] = known[file]
        for test in known[file].tests:
            if test in known:
                held[test] = known[test]
            else:
                arguments.append(test)
    return Selection(held, arguments)


def test_files(dependencies: Dependencies) -> list[str]:
    """Return the files of tests, relative to backend/."""
    names = files(dependencies.project, "backend/tests/*.py")
    found = (name.removeprefix("backend/") for name in names if "/test_" in name)
    return [name for name in found if name.rpartition("/")[2].startswith("test_")]


def _without_git(search_path: str) -> str:
    """Leave out the folder that git puts before the others for its hooks."""
    return os.pathsep.join(part for part in search_path.split(os.pathsep) if not part.endswith("git-core"))


def _ago(minutes: int) -> str:
    """Return a time that passed, in words."""
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h ago" if hours else f"{minutes_left} min ago"
