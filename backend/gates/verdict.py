"""The last word on a full run: every finding, one table, reports/gates.json, the page, and a closing line."""

import json
from dataclasses import asdict

from gates import github
from gates.messages import show_findings, show_table
from gates.model import Project
from gates.page import PageError, write
from gates.runner import Result, load


def verdict(project: Project) -> int:
    """Print the findings and the table of all default gates; return 0 only when none failed or is missing.

    A gate without a result did not run (its session broke down): that is a failure.
    """
    results = collect(project)
    public = ("gate", "rule", "status", "seconds", "findings")
    project.reports.mkdir(exist_ok=True)
    (project.reports / "gates.json").write_text(
        json.dumps([{key: asdict(result)[key] for key in public} for result in results], indent=1)
    )
    failed = sum(result.status == "failed" for result in results)
    closing = "The change is refused: see the findings." if failed else "The change may be merged."
    show_findings(project, results)
    show_table(results, header=True)
    github.summarize(results, closing)
    print(closing)
    try:
        print(f"The page: {write(project, results, closing)}")
    except PageError as error:
        print(f"The page could not be written: {error}")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def collect(project: Project) -> list[Result]:
    """Return the saved result of each gate of the default sessions, in the rule book's order."""
    return [
        load(project, session, gate)
        for session in project.book["default"]["sessions"]
        for gate in project.book["sessions"][session]
    ]
