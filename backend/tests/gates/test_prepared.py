"""A tool that is forked from a prepared process says and sees what it does when Python starts for it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gates.support import prepared_processes

SEEN = "import os, sys; print(os.getcwd(), sys.argv[1:], sys.path, os.environ.get('COLUMNS'), __name__)"
IMPORTED = "import tool, sys; print(tool.__file__, [name for name in sys.modules if 'gates' in name])"
OPTIONS: dict[str, Any] = {"capture_output": True, "encoding": "utf-8"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import sys; sys.stderr.write(sys.stdin.read()); print('ä'); sys.exit(3)"),
        ("-c", "raise SystemExit('it says why')"),
        ("-c", IMPORTED),
        ("-m", "tool", "one", "two"),
        ("-P", "tool.py", "one"),
        ("-m", "ruff", "--version"),
    ],
)
def test_ends_like_a_new_process_when_it_is_a_fork(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text(SEEN)
    command = [sys.executable, *arguments]
    env = os.environ | {"COLUMNS": "1000", "PYTHONPATH": str(tmp_path / "further")}

    fork = prepared_processes.run(command, cwd=tmp_path, env=env, **OPTIONS)

    new = prepared_processes.start(
        command, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, check=False, **OPTIONS
    )
    assert (fork.returncode, fork.stdout, fork.stderr) == (new.returncode, new.stdout, new.stderr)


@pytest.mark.parametrize("stderr_is_named", [True, False])
def test_writes_all_output_to_a_log_when_it_gets_one(tmp_path: Path, stderr_is_named: bool) -> None:
    program = "import sys; print('out', flush=True); print('error', file=sys.stderr)"
    command = [sys.executable, "-c", program]

    with (tmp_path / "log").open("wb") as log:
        stderr = log if stderr_is_named else subprocess.STDOUT
        fork = prepared_processes.run(command, cwd=tmp_path, stdout=log, stderr=stderr)

    assert (fork.returncode, fork.stdout, fork.stderr) == (0, None, None)
    assert (tmp_path / "log").read_text() == "out\nerror\n"


def test_ends_a_fork_when_it_takes_too_long(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import threading; threading.Event().wait()"]

    with pytest.raises(subprocess.TimeoutExpired):
        prepared_processes.run(command, cwd=tmp_path, timeout=0.1, **OPTIONS)


def test_raises_when_a_fork_fails_and_that_is_checked(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        prepared_processes.run([sys.executable, "-c", "raise SystemExit(1)"], cwd=tmp_path, check=True)
