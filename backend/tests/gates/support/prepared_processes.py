"""Python tools as forks of one process that has imported their libraries: most of their time is imports.

A fork reads the files, the arguments and the environment that the gate gave it, and ends like any process.
"""

import gc
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context, set_forkserver_preload
from multiprocessing.popen_forkserver import Popen
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from gates.migrations import alembic_process
from gates.repo.process import STARTS_CHILD

LIBRARIES = [
    "alembic.command",
    "coverage.cmdline",
    "deptry.cli",
    "diff_cover.diff_cover_tool",
    "execnet",
    "fastapi",
    "grimp",
    "logging.config",
    "mypy.main",
    "pdb",
    "pre_commit.main",
    "psycopg",
    "pytest",
    "rich.progress",
    "rich.syntax",
    "sqlalchemy.ext.asyncio",
    "unittest",
]
"""Those that look at neither the environment nor the terminal when they are imported."""
INSPECTED = "tests.gates.support.inspected"
OPTIONS = {"capture_output", "check", "cwd", "encoding", "env", "input", "stderr", "stdout", "timeout"}
CHECKS_PARENT = "gates.mutation.worker"
"""A plugin that ends pytest when it is no longer a child of the gate; a fork never is one."""
OWN_MODULES = [name for name in sys.modules if name.partition(".")[0] in {"gates", "tests"}]
"""Modules that a fork must import again. They are listed here because a fork that looks at the names of all
modules copies the memory in which they are.
"""

start = subprocess.run


def use(patch: pytest.MonkeyPatch) -> None:
    """Let gates start Python tools and Alembic's worker as forks."""
    set_forkserver_preload([*LIBRARIES, INSPECTED, __name__])
    patch.setattr(subprocess, "run", run)
    patch.setattr(alembic_process, "get_context", lambda _: get_context("forkserver"))


@contextmanager
def prepared() -> Iterator[pytest.MonkeyPatch]:
    """Let gates start forks in a fixture of wide scope, and yield the patch for more than that."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch)
        yield patch


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Do what subprocess.run does; leave to it other programs and options, and whatever reads its input."""
    if not _can_be_fork(command, options):
        return start(command, **options)
    place = str(options.get("cwd", Path.cwd()))
    environment = dict(options.get("env") or os.environ)
    with TemporaryDirectory() as folder:
        files = [f"{folder}/{name}" for name in ("stdin", "stdout", "stderr")]
        if "stdout" in options:
            files[1] = files[2] = options["stdout"].name
        arguments = (command[1:], place, environment, files, _new_path())
        sys.audit(STARTS_CHILD, command, place, environment)
        fork = Popen(get_context("forkserver").Process(target=_become, args=arguments))
        code = fork.wait(options.get("timeout"))
        if code is None:
            os.kill(fork.pid, SIGKILL)
            fork.wait()
            raise subprocess.TimeoutExpired(command, options["timeout"])
        unread = [] if "stdout" in options else files[1:]
        printed = [Path(name).read_text("utf-8", "replace") for name in unread]
    if printed and not options.get("capture_output"):
        sys.stdout.write(printed.pop(0))
        sys.stderr.write(printed.pop())
    ended = subprocess.CompletedProcess(command, code, *printed)
    if options.get("check"):
        ended.check_returncode()
    return ended


def _can_be_fork(command: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Return whether Python runs with options that are known here, and any log gets all of its output."""
    if command[0] != sys.executable or not command[1].startswith("-") or CHECKS_PARENT in command:
        return False
    if options.get("input") or options.keys() - OPTIONS:
        return False
    log = options.get("stdout")
    return log is None or (hasattr(log, "name") and options.get("stderr") in {log, subprocess.STDOUT})


@cache
def _new_path() -> list[str]:
    """Return the module search path of an interpreter that starts with no script and no variables."""
    program = "import json, sys; print(json.dumps(sys.path))"
    command = [sys.executable, "-I", "-c", program]
    path: list[str] = json.loads(start(command, cwd="/", capture_output=True).stdout)
    return path


def _become(
    arguments: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
    files: Sequence[str],
    path: list[str],
) -> None:
    """Do what the interpreter does that is started in a folder with these arguments."""
    gc.freeze()  # pytest collects garbage five times, and would traverse and copy all that was imported
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in enumerate(files):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    for name in OWN_MODULES:
        del sys.modules[name]
    asked = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [*filter(None, asked), *path]
    option, what, *sys.argv[1:] = arguments
    if option == "-m":
        sys.path.insert(0, folder)
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    if option == "-c":
        sys.path.insert(0, "")
        program = Path(files[0]).with_name("program.py")
        program.write_text(what, encoding="utf-8")
        what = str(program)
    runpy.run_path(what, run_name="__main__")
