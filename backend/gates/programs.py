"""Starts other people's programs: no shell, all output kept, failure is for the caller to judge."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

MODULE = (sys.executable, "-m")
"""Begins the command of a Python module of the shared environment."""


def run(
    folder: Path, *command: str, env: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with `given` to read, in this environment unless there is another one."""
    return subprocess.run(
        command, cwd=folder, env=env, input=given, capture_output=True, encoding="utf-8", check=False
    )


def installed(name: str) -> str:
    """Return the path of a program that the shared environment brings along."""
    return str(Path(sys.executable).with_name(name))
