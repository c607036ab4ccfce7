"""Checks of the environments: `.noxw`, whose Python runs this, and `.venv`, which the sessions share."""

import platform
import subprocess
import sys
from pathlib import Path

from devtools.doctor.checks import Result, shell_repair
from gates.model import Project

INSTALL = "./noxw -s env"
REINSTALL = "rm -rf .venv && ./noxw -s env"
PRINT_IDENTITY = "import platform, sys; print(platform.python_version(), sys.base_prefix, sep='\\n')"


def python(project: Project) -> Result:
    """Check that both environments use the same interpreter, in a supported version."""
    supported = project.rulebook["versions"]["python"]
    number = platform.python_version()
    if number.rpartition(".")[0] not in supported:
        summary = f".noxw has Python {number}; {supported[0]} to {supported[-1]} are supported"
        return Result(summary=summary, remedy=f"PYTHON=python{supported[-1]} {INSTALL}")
    found = interpreter(project)
    if found and found != [number, sys.base_prefix]:
        summary = f".noxw has Python {number} of {sys.base_prefix}, .venv has {found[0]} of {found[1]}"
        return Result(summary=summary, remedy=REINSTALL)
    return Result(summary=f"Python {number} of {sys.base_prefix}")


def environment(project: Project, stamp: str) -> Result:
    """Check that `.venv` runs and matches the lock. `stamp` is the stamp of a fresh installation."""
    place = project.root / ".venv"
    if not _program(place).exists():
        summary = ".venv is missing" if not place.exists() else ".venv has lost its Python"
        return Result(summary=summary, remedy=INSTALL, repair=shell_repair(INSTALL, project.root))
    if interpreter(project) is None:
        return Result(summary=".venv has a Python that does not run", remedy=REINSTALL)
    written = place / "stamp"
    if not written.exists() or written.read_text(encoding="utf-8") != stamp:
        summary = ".venv was installed from another lock or by another Python"
        return Result(summary=summary, remedy=INSTALL, repair=shell_repair(INSTALL, project.root))
    return Result(summary=".venv matches backend/requirements/dev.txt")


def interpreter(project: Project) -> list[str] | None:
    """Return version and base prefix of the Python in `.venv`; None if it does not run."""
    program = str(_program(project.root / ".venv"))
    try:
        process = subprocess.run(
            [program, "-IS", "-c", PRINT_IDENTITY], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return process.stdout.splitlines()


def _program(place: Path) -> Path:
    return place / "bin/python"
