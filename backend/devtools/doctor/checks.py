"""A check, its result, and the run of several checks.

This module, `machine`, `checkout` and `environment` use only the standard library, because they diagnose a
broken environment.
"""

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gates.model import GateError
from gates.rulebook import RuleBookError

State = Literal["ok", "wrong", "fixed", "skipped"]
FIX = "./noxw -s doctor -- --fix"
COMMAND = re.compile(r"`(git [^`]+)`")
REPAIR_TIMEOUT_SECONDS = 600.0  # an installation may download packages


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a check. A result with a remedy, which is a command to type, is wrong.

    `repair` runs the remedy without loss of data and returns what it did; it is None if only the developer
    can decide. A skipped check gives the reason in `summary`.
    """

    summary: str
    remedy: str = ""
    repair: Callable[[], str] | None = None
    is_skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table. `is_safe` means that --fix repairs it."""

    check: str
    state: State
    summary: str
    remedy: str = ""
    is_safe: bool = False


Check = Callable[[], Result]


def examine(checks: Mapping[str, Check], *, fix: bool) -> list[Row]:
    """Run the checks in order. With `fix`, run their repairs and check again."""
    return [_row(name, check, fix=fix) for name, check in checks.items()]


def _row(name: str, check: Check, *, fix: bool) -> Row:
    result = _result_of(check)
    if result.remedy and result.repair and fix:
        try:
            done = result.repair()
        except (GateError, OSError, subprocess.SubprocessError) as error:
            return Row(check=name, state="wrong", summary=f"not repaired: {error}", remedy=result.remedy)
        result = _result_of(check)
        if not result.remedy:
            return Row(check=name, state="fixed", summary=done)
    state: State = "ok"
    if result.remedy:
        state = "wrong"
    elif result.is_skipped:
        state = "skipped"
    is_safe = result.repair is not None
    return Row(check=name, state=state, summary=result.summary, remedy=result.remedy, is_safe=is_safe)


def _result_of(check: Check) -> Result:
    """Return the result of a check; after an error, a result with the command that its message names."""
    try:
        return check()
    except (GateError, RuleBookError, OSError, subprocess.SubprocessError) as error:
        command = COMMAND.search(str(error))
        return Result(summary=str(error), remedy=command[1] if command else "git status")


def shell_repair(command: str, folder: Path) -> Callable[[], str]:
    """Return a repair that runs a shell command in a folder and raises GateError if it fails."""

    def run_it() -> str:
        result = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=REPAIR_TIMEOUT_SECONDS,
        )
        if result.returncode:
            lines = (result.stderr or result.stdout).strip().splitlines() or ["no output"]
            raise GateError(f"`{command}` failed with exit code {result.returncode} ({lines[-1]}).")
        return f"ran `{command}`"

    return run_it
