"""`python -m devtools.doctor STAMP`, run by the Python of `.noxw`, which lacks the project's libraries.

A second program in `.venv` runs the checks that need libraries, so a broken `.venv` is a row of the table.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from devtools.doctor import checkout, machine, table
from devtools.doctor import environment as environments
from devtools.doctor.checks import Check, Row, examine
from gates.model import Project

ROOT = Path(__file__).resolve().parents[3]
VENV_CHECKS = ("port", "runs", "server", "database", "scratch", "sockets", "temporary")
VENV_TIMEOUT_SECONDS = 120.0  # the second program may start a server


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the table; return 0 if everything is in order, else 1."""
    parser = argparse.ArgumentParser(
        prog="./noxw -s doctor --",
        usage="%(prog)s [--fix] [--start]",
        description="Check this checkout and this machine.",
    )
    parser.add_argument("stamp", help=argparse.SUPPRESS)
    parser.add_argument("--fix", action="store_true", help="run the repairs that lose no data")
    parser.add_argument(
        "--start", action="store_true", help="start the embedded server to check its databases"
    )
    options = parser.parse_args(arguments)
    project = Project(root=root)
    with ThreadPoolExecutor(max_workers=1) as pool:
        # The environment is repaired first, because the second program runs in it.
        others = None if options.fix else pool.submit(run_venv_checks, project, options)
        rows = examine(checks(project, options.stamp), fix=options.fix)
    rows += others.result() if others else run_venv_checks(project, options)
    print(table.text_of(rows, is_coloured=table.is_coloured()))
    return int(any(row.state == "wrong" for row in rows))


def checks(project: Project, stamp: str) -> Mapping[str, Check]:
    """Return the checks that need only the standard library."""
    return {
        "python": partial(environments.python, project),
        "environment": partial(environments.environment, project, stamp),
        "history": partial(checkout.depth, project),
        "base": partial(checkout.base, project),
        "hooks": partial(checkout.hooks, project),
        "revisions": partial(checkout.revisions, project),
        "line ends": partial(checkout.line_ends, project),
        "work trees": partial(checkout.worktrees, project),
        "clock": partial(checkout.clock, project),
        "disk": partial(machine.disk, project.root, Path(tempfile.gettempdir())),
        "TMPDIR": machine.temporary,
        "locale": machine.language,
    }


def run_venv_checks(project: Project, options: argparse.Namespace) -> list[Row]:
    """Return the rows of the checks that run in `.venv`."""
    if environments.interpreter(project) is None:
        return skipped_rows(".venv does not run. See above")
    flags = [f"--{name}" for name in ("fix", "start") if getattr(options, name)]
    try:
        process = subprocess.run(
            [str(project.root / ".venv/bin/python"), "-m", "devtools.doctor.venv_checks", *flags],
            cwd=project.backend,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=VENV_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return skipped_rows(f"the checks took longer than {VENV_TIMEOUT_SECONDS:.0f} s")
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no output"])[-1]
        summary = f".venv cannot run the other checks ({last})"
        return [Row(check="libraries", state="wrong", summary=summary, remedy=environments.REINSTALL)]
    return [Row(**row) for row in json.loads(process.stdout)]


def skipped_rows(why: str) -> list[Row]:
    """Return a skipped row for each check in `.venv`."""
    return [Row(check=name, state="skipped", summary=why) for name in VENV_CHECKS]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
