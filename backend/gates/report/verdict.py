"""The end of a run: the findings, one table, a closing line, and the reports of a full run."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from gates.model import Project
from gates.report import github
from gates.report.page import PageError, write
from gates.report.terminal import show_findings, show_table
from gates.runner import Result

Show = Callable[[Project, Sequence[Result]], None]


def verdict(project: Project, results: Sequence[Result], show: Show = show_findings) -> int:
    """Print the results of a full run, write reports/gates.json and the page; return 0 when no gate failed.

    `show` prints the findings.
    """
    write_results(project, results)
    closing = "The change may be merged."
    if any(result.status == "failed" for result in results):
        closing = "The change is refused: see the findings."
    show(project, results)
    show_table(results, header=True)
    github.summarize(results, closing)
    print(closing)
    try:
        print(f"The page: {write(project, results, closing)}")
    except PageError as error:
        print(f"The page could not be written: {error}")
    except KeyboardInterrupt:
        print("The page could not be written: it was interrupted.")
    return count(results)


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
