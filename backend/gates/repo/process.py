"""Starts other people's programs: no shell, all output kept, failure is for the caller to judge.

A tool is told where its configuration is, or that there is none. Left alone, most look beside the project and
above it, in the user's home, and in variables.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gates.repo.environment import for_tools

PYTHON_M = (sys.executable, "-m")
"""Begins the command of a Python module of the shared environment."""
CONFIGURATION = "pyproject.toml"  # in backend/
PYTEST_OPTIONS = ("-c", CONFIGURATION, "--rootdir=.")
STARTS_CHILD = "pau2.child"
"""The audit event (command, folder, environment) before a child starts otherwise than by `subprocess`.

Who observes what a process depends on cannot see the command of a fork.
"""


def run(
    folder: Path, *command: str, env: Mapping[str, str] | None = None, input: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with `input` to read, in `for_tools()` unless there is another one."""
    return subprocess.run(
        command,
        cwd=folder,
        env=for_tools() if env is None else env,
        input=input,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def executable(name: str) -> str:
    """Return the path of a program that the shared environment brings along."""
    return str(Path(sys.executable).with_name(name))
