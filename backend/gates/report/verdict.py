"""The end of a run: the findings, one table, a closing line, and the reports."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from gates.model import Project
from gates.report import github
from gates.report.page import PageError, write
from gates.report.runs import Run, record
from gates.report.terminal import show_findings, show_table
from gates.runner import Result

Show = Callable[[Project, Sequence[Result]], None]


def verdict(project: Project, run: Run, show: Show = show_findings) -> int:
    """Print the results of a full run, write reports/gates.json and the page; return 0 when no gate failed.

    `show` prints the findings.
    """
    results = run.results
    write_results(project, results)
    closing = "The change is refused: see the findings." if run.failed else "The change may be merged."
    show(project, results)
    show_table(results, header=True)
    github.summarize(results, closing)
    print(closing)
    place = keep(project, run)
    if place:
        print(f"The page: {place}")
    return count(results)


def keep(project: Project, run: Run) -> str:
    """Record a run and write the page; return its path, "" when that fails."""
    record(project, run)
    return write_page(project)


def write_page(project: Project) -> str:
    """Write the page and return where it is. Say why when that fails, and return ""."""
    try:
        return str(write(project))
    except PageError as error:
        print(f"The page could not be written: {error}")
    except KeyboardInterrupt:
        print("The page could not be written: it was interrupted.")
    return ""


def write_results(project: Project, results: Sequence[Result]) -> None:
    """Write reports/gates.json."""
    public = ("gate", "rule", "status", "seconds", "findings")
    project.reports.mkdir(exist_ok=True)
    (project.reports / "gates.json").write_text(
        json.dumps([{key: asdict(result)[key] for key in public} for result in results], indent=1)
    )


def count(results: Sequence[Result]) -> int:
    """Print the last line; return 0 when no gate failed, else 1."""
    failed = sum(result.status == "failed" for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0
