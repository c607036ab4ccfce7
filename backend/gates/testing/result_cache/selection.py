"""The selection of the tests that have to run: those without a valid result."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from gates.repo.files import files
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.store import Result, Store

IRRELEVANT_VARIABLES = (
    "ACTIONS_",
    "COLORTERM",
    "COLUMNS",
    "DBUS_",
    "DESKTOP_SESSION",
    "DISPLAY",
    "EDITOR",
    "GITHUB_",
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_PAGER",
    "GIT_REFLOG_ACTION",
    "GPG_",
    "HIST",
    "HOSTNAME",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LESS",
    "LINES",
    "LOGNAME",
    "LS_COLORS",
    "MAIL",
    "NOX_",
    "OLDPWD",
    "PAGER",
    "PAU2_RESULT_CACHE",
    "PAU2_SHARD",
    "PS1",
    "PWD",
    "PYTEST_CURRENT_TEST",
    "PYTEST_VERSION",
    "PYTEST_XDIST_TESTRUNUID",
    "PYTEST_XDIST_WORKER",
    "RUNNER_",
    "SESSION_",
    "SHLVL",
    "SSH_",
    "STY",
    "SYSTEMD_",
    "TERM",
    "TMUX",
    "USER",
    "VIRTUAL_ENV",
    "VISUAL",
    "VSCODE_",
    "WAYLAND_",
    "WINDOW",
    "XAUTHORITY",
    "XDG_",
    "ZDOTDIR",
    "_",
)
"""Prefixes of the variables of a terminal or of a workflow's run. Tests that read one set it themselves."""
COMMON_UNITS = (
    "file backend/pyproject.toml",
    "file backend/requirements/dev.txt",
    "folder backend",
    "folder ",
)
"""Every test depends on these units."""
MACHINERY = ("backend/gates/coverage/probes/", "backend/gates/testing/result_cache/")
"""The code that measures and observes: every test depends on it, too."""

MAX_TESTS_IN_ONE_PROCESS = 20
"""Starting further processes for so few tests takes longer than running them in one."""


@dataclass(frozen=True)
class Selection:
    """The valid results of tests and of collected files, and the tests and files that pytest has to run."""

    held: Mapping[str, Result]
    arguments: list[str]

    @property
    def tests(self) -> list[str]:
        """The tests with a valid result."""
        return [name for name in self.held if "::" in name]

    @property
    def divided_files(self) -> set[str]:
        """The files of which only some tests have to run."""
        return {name.partition("::")[0] for name in self.arguments if "::" in name}

    @property
    def is_whole(self) -> bool:
        """True without any valid result: pytest then finds the tests itself."""
        return not self.held

    @property
    def is_large(self) -> bool:
        """True when several processes run the tests faster than one."""
        if len(self.arguments) > MAX_TESTS_IN_ONE_PROCESS:
            return True
        return any("::" not in name for name in self.arguments)

    def describe(self, ran: str) -> str:
        """Complete pytest's count, such as "12 tests", with the tests that did not have to run."""
        count = int(ran.partition(" ")[0])
        if not self.tests:
            return ran
        oldest = min(self.held[name].passed_at for name in self.tests)
        known = f"{len(self.tests):,} unchanged since they passed ({ago(oldest)})"
        return f"{count + len(self.tests):,} tests: {count:,} run, {known}"


def context_of(dependencies: Dependencies, environment: Mapping[str, str], *more: str) -> str:
    """Return a digest of all that every test depends on: interpreter, lock, settings, variables, our code."""
    machine = [sys.version, platform.platform(), sys.executable.partition(".venv")[2], *more]
    relevant = {
        name: value for name, value in environment.items() if not name.startswith(IRRELEVANT_VARIABLES)
    }
    if "PATH" in relevant:
        relevant["PATH"] = _without_git(relevant["PATH"])
    variables = [f"{name}={value}" for name, value in sorted(relevant.items())]
    units = [str(dependencies.digest(unit)) for unit in COMMON_UNITS]
    paths = sorted(path for path in dependencies.parts if path.startswith(MACHINERY))
    code = [dependencies.code_digest(path) for path in paths]
    text = "\0".join([*machine, *variables, *units, *code])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def select(dependencies: Dependencies, store: Store, context: str, *, whole: bool = False) -> Selection:
    """Return the valid results and the tests that have to run: all of them in a whole run.

    A file whose list of tests may have changed runs as a whole.
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
    return [name.removeprefix("backend/") for name in names if PurePosixPath(name).name.startswith("test_")]


def _without_git(search_path: str) -> str:
    """Leave out the folder that git puts before the others for its hooks."""
    return os.pathsep.join(part for part in search_path.split(os.pathsep) if not part.endswith("git-core"))


def ago(passed_at: float) -> str:
    """Return the age of a result in words."""
    minutes = round((time.time() - passed_at) / 60)
    hours = minutes // 60
    return f"{hours} h ago" if hours else f"{minutes} min ago"
