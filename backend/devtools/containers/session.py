"""A session that proves something on a Docker engine: its steps, its messages and its exit codes."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from devtools.containers.errors import EngineMissingError, StepError
from devtools.containers.shell import Shell
from devtools.containers.users import User
from devtools.signals import interrupt, signal_handler
from gates.model import GateError, Project
from gates.repo.git import changed_paths, merge_base

Step = tuple[str, Callable[[], None]]
"""What is done, in words, and the function that does it or raises StepError."""


def run_session(name: str, prove: Callable[[], None]) -> int:
    """Return 0, 1 if a step failed, 2 if nothing can be proven on this machine, or 130 after an interrupt."""
    try:
        with signal_handler(interrupt):
            prove()
    except (EngineMissingError, GateError) as error:
        print(f"{name}: nothing is proven. {error}", file=sys.stderr)
        return 2
    except (StepError, subprocess.TimeoutExpired) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: stopped.", file=sys.stderr)
        return 130
    return 0


def run_steps(name: str, steps: Iterable[Step]) -> None:
    """Run the steps in order, and print the seconds of each one that succeeded. Raises StepError."""
    for words, run in steps:
        started = time.monotonic()
        run()
        print(f"{time.monotonic() - started:7.1f} s  {words}", flush=True)
    print(f"{name}: every step succeeded.")


def is_touched(root: Path, parts: tuple[str, ...]) -> bool:
    """Return whether the change touches a file below one of the paths. Raises GateError."""
    project = Project(root=root)
    return any(path.startswith(parts) for path in changed_paths(project, merge_base(project)))


def new_log(root: Path, name: str, user: User) -> Shell:
    """Return a shell in the repository that writes to an empty log in `reports/`."""
    log = root / "reports" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    return Shell(user=user, folder=root, log=log)
