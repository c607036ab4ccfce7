"""Starts the application to read its contract."""

import sys

from gates.model import GateError, Project
from gates.repo.environment import for_tools
from gates.repo.process import run


def run_application(project: Project, *arguments: str) -> str:
    """Run the project's Python in backend/ and return its output. Raises GateError with its last line."""
    env = for_tools() | {"PAU2_ENVIRONMENT": "test", "PYTHONIOENCODING": "utf-8"}
    result = run(project.backend, sys.executable, *arguments, env=env)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise GateError(f"The application does not start: {last}")
    return result.stdout
