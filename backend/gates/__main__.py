"""The command line of the gates."""

import io
import os
import sys
from pathlib import Path

from gates.architecture.decisions import write_index
from gates.architecture.sessions import write_table
from gates.contract.openapi import publish
from gates.model import GateError, Project
from gates.registry import CHECKS
from gates.repo.hooks import install
from gates.report.events import FOLDER
from gates.report.follow import follow_all, follow_session
from gates.report.session import run_followed
from gates.report.terminal import show
from gates.rulebook import RuleBookError
from gates.runner import run_session, save

WRITERS = {"openapi": publish, "table": write_table, "index": write_index, "hooks": install}
"""What writes files and judges nothing."""
USAGE = "usage: python -m gates run SESSION [arguments of pytest] | all COMMAND … | table | openapi | hooks"


def main(arguments: list[str]) -> int:
    """Run the named gates; return 0 when they pass, 1 when they refuse, 2 when they cannot run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character still gets the rest
            stream.reconfigure(errors="backslashreplace")
    root = Path(__file__).resolve().parents[2]
    try:
        match arguments:
            case ["run", session, *rest]:
                return run(Project(root=root, arguments=rest), session)
            case ["all", *command] if command:
                return follow_all(Project(root=root), command)
            case [name] if name in WRITERS:
                WRITERS[name](Project(root=root))
                return 0
    except (GateError, RuleBookError) as error:
        print(f"gates: {error}", file=sys.stderr)
        return 2
    print(USAGE, file=sys.stderr)
    return 2


def run(project: Project, session: str) -> int:
    """Run a session and return its exit code.

    It runs here when another process follows it or when its arguments are pytest's, which then prints as
    usual. Otherwise it runs in a child that is followed.
    """
    folder = os.environ.get(FOLDER)
    if folder:
        return run_followed(project, session, CHECKS, Path(folder))
    if project.arguments and "tests" in project.book["sessions"].get(session, []):
        results = run_session(project, session, CHECKS)
        save(project, results)
        return 0 if show(project, results) else 1
    return follow_session(project, session)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
