"""reports/index.html: a full run as one page that needs no network, no script and no other file.

Names, messages and sources come from the change under test. The template escapes all it is given, and the
page forbids itself to load or run anything (its Content-Security-Policy).
"""

import json
import platform
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gates.coverage.data import Coverage, load_current, totals
from gates.coverage.new import changed_code, lines_of_changed_statements
from gates.coverage.thresholds import branch_text
from gates.model import GateError, Project
from gates.repo.git import changed_paths, git, merge_base
from gates.report import diagrams, terminal
from gates.report.package_sizes import package_sizes
from gates.report.snippet import escape_control_characters, excerpt, source
from gates.rulebook import RuleBookError
from gates.runner import Result
from gates.testing.durations.summary import summarize

TEMPLATE = "page.html.jinja"
HISTORY_LENGTH = 20  # runs
MAX_SOURCE_ROWS = 4_000
RECOVERABLE_ERRORS = (GateError, RuleBookError, OSError, ValueError, LookupError, TypeError, AttributeError)
"""Errors of reading a section's data when they are missing, old or broken."""
LINKED_REPORTS = {
    "new-code.html": "diff-cover's report",
    "new-code.md": "the same as Markdown",
    "gates.json": "results for programs",
    "cases.md": "the changes that the gates were tried with",
    "tests.xml": "test results (JUnit)",
    "test-durations.json": "seconds and CPU seconds of each test and fixture",
    "coverage/coverage.json": "all coverage data",
}


class PageError(Exception):
    """The page could not be written. The message says why."""


class ChangedFile(NamedTuple):
    """A file with new statements. `new` is None when no test measured it; `cut` when it has more `rows`."""

    name: str
    new: Coverage | None
    rows: list[dict[str, Any]]
    cut: bool

    @property
    def uncovered(self) -> float:
        """The number of uncovered lines and branches; infinite for a file that was not measured."""
        return inf if self.new is None else self.new.lines.missing + self.new.branches.missing


def write(project: Project, results: Sequence[Result], closing: str) -> Path:
    """Write the page and return where it is. Raises PageError, whatever went wrong."""
    place = project.reports / "index.html"
    try:
        place.write_text(render(project, results, closing), encoding="utf-8")
    except Exception as error:
        raise PageError(f"{type(error).__name__}: {error}") from error
    return place


def render(project: Project, results: Sequence[Result], closing: str) -> str:
    """Return the page. A section without data shows the reason."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    secret = terminal.secret_files(results)
    return environment.get_template(TEMPLATE).render(
        closing=closing,
        failed=[result for result in results if result.status == "failed"],
        results=results,
        rule_text=lambda result: terminal.rule_text(project, result),
        location=terminal.location,
        excerpt=lambda finding: excerpt(project, finding, secret),
        before=_timings(project, results),
        coverage=_section(lambda: _coverage(project, secret)),
        durations=_section(lambda: summarize(project, changed_paths(project, merge_base(project)))),
        packages=_section(lambda: {"sizes": package_sizes(project)}),
        imports=_section(lambda: diagrams.imports(project)),
        tables=_section(lambda: diagrams.tables(json.loads((project.reports / diagrams.TABLES).read_text()))),
        linked_reports=_linked_reports(project),
        made=datetime.now(UTC),
        python=platform.python_version(),
        head=_section(lambda: _head(project)),
        branch_text=branch_text,
    )


def _escaped(value: object) -> object:
    """Escape control characters of a text that the template prints, unless it is a macro's HTML."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return escape_control_characters(value)
    return value


def _section(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a section of the page, or why it is missing."""
    try:
        return {"missing": ""} | make()
    except RECOVERABLE_ERRORS as error:
        return {"missing": str(error) or type(error).__name__}


def _linked_reports(project: Project) -> dict[str, str]:
    """Return the reports that exist beside the page, with their titles."""
    return {name: title for name, title in LINKED_REPORTS.items() if (project.reports / name).exists()}


def _head(project: Project) -> dict[str, Any]:
    """Return the commit that was checked out, and whether the work tree differs from it."""
    name = git(project, "log", "-1", "--format=%h %s").strip()
    return {"name": name, "edited": bool(git(project, "status", "--porcelain", "--", "."))}


def _timings(project: Project, results: Sequence[Result]) -> dict[str, list[float]]:
    """Return the seconds of each gate in the last runs and this one, oldest first, and remember this one."""
    place = project.reports / "timings.json"
    try:
        runs = [
            {str(gate): float(seconds) for gate, seconds in run.items()}
            for run in json.loads(place.read_text())
        ]
    except RECOVERABLE_ERRORS:
        runs = []
    runs = [*runs, {result.gate: result.seconds for result in results if result.seconds}][-HISTORY_LENGTH:]
    place.write_text(json.dumps(runs))
    return {result.gate: [run[result.gate] for run in runs if result.gate in run] for result in results}


def _coverage(project: Project, secret: set[str]) -> dict[str, Any]:
    """Return what the tests ran of each changed file, worst first."""
    base = merge_base(project)
    changed = changed_code(project, base)
    measurement = load_current(project) if changed else {}
    files: list[ChangedFile] = []
    left = MAX_SOURCE_ROWS
    for name in sorted(changed):
        touched = lines_of_changed_statements(project, name, changed[name])
        new = measurement[name].within(touched) if name in measurement else None
        rows = [] if new is None or name in secret else list(_rows(project, name, touched, new))
        files.append(ChangedFile(name, new, rows[:left], cut=len(rows) > left))
        left = max(left - len(rows), 0)
    files.sort(key=lambda file: -file.uncovered)
    lines, branches = totals(file.new for file in files if file.new)
    threshold = project.rulebook["coverage"]["new"]
    return {"base": base, "files": files, "lines": lines, "branches": branches, "least": threshold}


def _rows(project: Project, name: str, touched: set[int], new: Coverage) -> Iterator[dict[str, Any]]:
    """Yield the lines of the new statements, each with what the tests did to it, and where there is a gap."""
    text = source(project, name)
    for number in sorted(line for line in touched if line <= len(text)):
        missed = sorted(branch for branch in new.missing_branches if branch[0] == number)
        state = ""
        if number in new.missing_lines:
            state = "missed"
        elif number in new.excluded_lines:
            state = "excluded"
        elif number in new.executed_lines:
            state = "partial" if missed else "ran"
        yield {
            "number": number,
            "text": text[number - 1],
            "state": state,
            "missed": missed if state == "partial" else [],
            "first": not {number - 1, number - 2} & touched,
        }
