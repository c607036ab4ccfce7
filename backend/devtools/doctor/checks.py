"""A check, its result, and the run of several checks.

Nothing here or in `machine`, `checkout` and `environment` needs an installed library: a broken environment
is one of the things that they find.
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
REPAIR_TIMEOUT_SECONDS = 600.0  # seconds of one repair: an installation may download


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check saw. Something is wrong exactly when there is a remedy, which is a command to type.

    `repair` does the same without a loss of data and returns what it did; None leaves it to the developer.
    A check that could not look is skipped, and `summary` says why.
    """

    summary: str
    remedy: str = ""
    repair: Callable[[], str] | None = None
    is_skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `is_safe` is whether --fix repairs it."""

    check: str
    state: State
    summary: str
    remedy: str = ""
    is_safe: bool = False


Check = Callable[[], Result]


def examine(checks: Mapping[str, Check], *, fix: bool) -> list[Row]:
    """Run the checks in their order. With `fix`, repair what is safe to repair, and look again."""
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
    state: State = "wrong" if result.remedy else "skipped" if result.is_skipped else "ok"
    is_safe = result.repair is not None
    return Row(check=name, state=state, summary=result.summary, remedy=result.remedy, is_safe=is_safe)


def _result_of(check: Check) -> Result:
    """Return the result; of a check that cannot look, the reason with the command that it names."""
    try:
        return check()
    except (GateError, RuleBookError, OSError, subprocess.SubprocessError) as error:
        command = COMMAND.search(str(error))
        return Result(summary=str(error), remedy=command[1] if command else "git status")


def shell_repair(command: str, folder: Path) -> Callable[[], str]:
    """Return the repair that types a command in a folder. It raises GateError when the command fails."""

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
            said = (result.stderr or result.stdout).strip().splitlines() or ["it said nothing"]
            raise GateError(f"`{command}` failed with exit code {result.returncode} ({said[-1]}).")
        return f"ran `{command}`"

    return run_it
