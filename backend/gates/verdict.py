"""The last word on a full run: one table, reports/gates.json, and a closing line."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from gates.model import Project

PLAIN_WIDTH = 160
STYLE = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


def verdict(project: Project) -> int:
    """Print the table of all default gates and the verdict; return 0 only when none failed or is missing.

    A gate without a result did not run (its session broke down): that is a failure.
    """
    results = collect(project)
    public = ("gate", "rule", "status", "seconds", "findings")
    (project.reports / "gates.json").write_text(
        json.dumps([{key: result[key] for key in public} for result in results], indent=1)
    )
    failed = sum(result["status"] == "failed" for result in results)
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(_table(results))
    print("The change may be merged." if not failed else "The change is refused: see the findings above.")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def collect(project: Project) -> list[dict[str, Any]]:
    """Return the saved result of each gate of the default sessions, in the rule book's order."""
    results = []
    for session in project.book["default"]["sessions"]:
        for gate in project.book["sessions"][session]:
            path = project.reports / "gates" / f"{gate}.json"
            results.append(
                json.loads(path.read_text()) if path.exists() else _missing(project, session, gate)
            )
    return results


def _missing(project: Project, session: str, gate: str) -> dict[str, Any]:
    finding = {"file": "", "line": 0, "message": "the gate did not run", "fix": f"./noxw -s {session}"}
    return {
        "gate": gate,
        "rule": project.book.rule_of(gate),
        "session": session,
        "status": "failed",
        "seconds": 0.0,
        "note": "did not run",
        "findings": [finding],
    }


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("gate", "rule", "result"):
        table.add_column(column)
    table.add_column("seconds", justify="right")
    table.add_column("run again")
    table.add_column("")
    for result in results:
        status = f"[{STYLE[result['status']]}]{result['status']}[/]"
        seconds = f"{result['seconds']:.2f}"
        table.add_row(
            result["gate"], result["rule"], status, seconds, f"./noxw -s {result['session']}", result["note"]
        )
    return table
