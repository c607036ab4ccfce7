"""The command line of the gates."""

import argparse
import io
import os
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from gates.architecture.decisions import write_index
from gates.architecture.sessions import write_table
from gates.contract.openapi import write_snapshot
from gates.explain import explain
from gates.model import GateError, Project
from gates.registry import CHECKS
from gates.repo.hooks import install
from gates.report.events import FOLDER_VARIABLE
from gates.report.follow import follow_all, follow_session
from gates.report.pull_request.revision_costs import MILLION
from gates.report.runs import start
from gates.report.session import run_followed
from gates.report.terminal import show
from gates.report.verdict import keep, write_page
from gates.rulebook import RuleBookError
from gates.runner import run_session, save

ROOT = Path(__file__).resolve().parents[2]
WRITERS = {"openapi": write_snapshot, "table": write_table, "index": write_index, "hooks": install}
"""Commands that write files and check nothing."""
COMMANDS = {
    "run": "run the gates of a session",
    "all": "run a command that runs sessions, and show its progress and the verdict",
    "explain": "say why a gate exists, what it refuses, and what to do instead",
    "pr": "summarize the change for its reviewer",
    "page": "write reports/index.html from the last runs",
    "openapi": "write the contract, backend/openapi.json",
    "table": "write the rule book's table of gates",
    "index": "write the index of decisions",
    "hooks": "install the git hooks",
}


def main(arguments: list[str]) -> int:
    """Run the named gates; return 0 when they pass, 1 when they refuse, 2 when they cannot run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character still gets the rest
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    words: list[str] = getattr(options, "arguments", [])
    project = Project(root=ROOT, arguments=words)
    try:
        match options.command:
            case "run":
                return run(project, options.session)
            case "all":
                return follow_all(replace(project, arguments=()), words)
            case "explain":
                print(explain(project))
            case "pr":
                summary = import_module("gates.report.pull_request.command")  # loads PostgreSQL's driver
                summary.summarize_change(project, run=options.run, rows=options.rows)
            case "page":
                write_page(project)
            case command:
                WRITERS[command](project)
    except (GateError, RuleBookError) as error:
        print(f"gates: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line. What follows a session's name is for that session."""
    root = argparse.ArgumentParser(prog="python -m gates", description="The gates of the rule book.")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    by_name = {name: commands.add_parser(name, help=text) for name, text in COMMANDS.items()}
    by_name["run"].add_argument("session", metavar="SESSION")
    by_name["run"].add_argument("arguments", nargs=argparse.REMAINDER, help="for pytest, mutants or audit")
    by_name["all"].add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="COMMAND", help="with arguments"
    )
    by_name["pr"].add_argument("--run", action="store_true", help="first run what has no current result")
    by_name["pr"].add_argument("--rows", type=int, default=MILLION, help="of the tables of new revisions")
    by_name["explain"].add_argument(
        "arguments", nargs="+", metavar="NAME", help="a rule, a gate, a session, or a code from a finding"
    )
    return root


def run(project: Project, session: str) -> int:
    """Run a session and return its exit code.

    It runs here when another process follows it or when its arguments are pytest's, which then prints as
    usual. Otherwise it runs in a child that is followed.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        return run_followed(project, session, CHECKS, Path(folder))
    if project.arguments and "tests" in project.rulebook["sessions"].get(session, []):
        beginning = start(project)
        results = run_session(project, session, CHECKS)
        save(project, results)
        keep(project, beginning.ended([session], results, arguments=project.arguments))
        return 0 if show(project, results) else 1
    return follow_session(project, session)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
