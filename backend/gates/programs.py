"""Starts other people's programs: no shell, all output kept, failure is for the caller to judge.

A tool is told where its configuration is, or that there is none. Left alone, most look beside the project and
above it, in the user's home, and in variables.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

MODULE = (sys.executable, "-m")
"""Begins the command of a Python module of the shared environment."""
CONFIGURATION = "pyproject.toml"  # in backend/
PYTEST_OPTIONS = ("-c", CONFIGURATION, "--rootdir=.")
CONFIGURING = ("COVERAGE_", "COV_", "MYPY", "PRE_COMMIT", "PYTEST_ADDOPTS", "RUFF_", "SQUAWK_", "ZIZMOR_")
"""How the variables begin that configure the tools, each a second time."""
HARMLESS = {"MYPY_CACHE_DIR"}


def environment() -> dict[str, str]:
    """Return this environment without what would configure a tool."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(CONFIGURING) or name in HARMLESS
    }


def run(
    folder: Path, *command: str, env: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with `given` to read, in `environment()` unless there is another one."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment() if env is None else env,
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def installed(name: str) -> str:
    """Return the path of a program that the shared environment brings along."""
    return str(Path(sys.executable).with_name(name))
