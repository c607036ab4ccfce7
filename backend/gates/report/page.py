"""reports/index.html: the last runs as one page that needs no network, no script and no other file.

Names, messages and sources come from the change under test. The template escapes all it is given, and the
page forbids itself to load or run anything (its Content-Security-Policy).
"""

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from gates.coverage.thresholds import branch_text
from gates.model import Project
from gates.repo.git import changed_paths, git, merge_base
from gates.report import diagrams, terminal
from gates.report.base_failures import base_failures
from gates.report.gate_states import Verdict, verdict_of
from gates.report.measurements import CHART_PX, MARGIN_PX, benchmarks, faults, short_number
from gates.report.new_code import source_rows
from gates.report.package_sizes import package_sizes
from gates.report.policy import routes_by_action
from gates.report.pull_request.facts import collect
from gates.report.pull_request.revision_costs import EFFECTS
from gates.report.runs import Run, current_tree, load_runs
from gates.report.section import Section, section
from gates.report.snippet import escape_control_characters, excerpt
from gates.runner import Result
from gates.testing.durations.summary import summarize

TEMPLATES = Path(__file__).with_name("templates")
BYTECODE = Path(__file__).with_name("__pycache__")
TIMED_RUNS = 20
LISTED_RUNS = 12
MAX_LIST_ROWS = 60
LINKED_REPORTS = {
    "pull-request.md": "the summary of the change",
    "new-code.html": "diff-cover's report",
    "new-code.md": "the same as Markdown",
    "gates.json": "results of the last full run for programs",
    "cases.md": "the changes that the gates were tried with",
    "mutants.md": "the mutants of the last mutation test",
    "tests.xml": "test results (JUnit)",
    "test-durations.json": "seconds and CPU seconds of each test and fixture",
    "coverage/coverage.json": "all coverage data",
}


class PageError(Exception):
    """The page could not be written. The message says why."""


def write(project: Project) -> Path:
    """Write the page and return where it is. Raises PageError, whatever went wrong."""
    place = project.reports / "index.html"
    try:
        place.parent.mkdir(exist_ok=True)
        place.write_text(render(project), encoding="utf-8")
    except Exception as error:
        raise PageError(f"{type(error).__name__}: {error}") from error
    return place


def render(project: Project) -> str:
    """Return the page about the runs that are recorded. A section without data shows the reason."""
    runs = load_runs(project)
    tree = current_tree(project)
    verdict = verdict_of(project, runs, tree)
    secret = terminal.secret_files([result for run in runs[:1] for result in run.results])
    secret |= terminal.secret_files([state.result for state in verdict.states if state.result])
    change = collect(project)
    coverage = change.coverage
    changed = section(lambda: changed_paths(project, merge_base(project)))
    failed = _failed(verdict, runs)
    return (
        _templates()
        .get_template("page.html.jinja")
        .render(
            verdict=verdict,
            failed=failed,
            found=sum(len(result.findings) for result in failed),
            passed=sum(state.status in {"passed", "skipped"} for state in verdict.current if state.required),
            runs=runs[:LISTED_RUNS],
            tree=tree,
            base_failures=section(lambda: base_failures(project, runs)),
            rule_of=project.rulebook.rule_of,
            rule_text=lambda number: terminal.rule_text(project, number),
            excerpt=lambda finding: excerpt(project, finding, secret),
            before=_seconds(runs, [state.gate for state in verdict.states]),
            change=change,
            coverage=coverage,
            source=source_rows(project, coverage.data, secret) if coverage.data else {},
            **_measurements(project, changed.data or ()),
            linked_reports=_linked_reports(project),
            made=datetime.now(UTC),
            head=section(lambda: _head(project)),
        )
    )


def _measurements(project: Project, changed: Iterable[str]) -> dict[str, Section[Any]]:
    """Return the sections about all of the project; tests in the files `changed` are marked."""
    return {
        "durations": section(lambda: summarize(project, changed)),
        "benchmarks": section(lambda: benchmarks(project)),
        "faults": section(lambda: faults(project)),
        "routes": section(lambda: routes_by_action(project)),
        "packages": section(lambda: {"sizes": package_sizes(project)}),
        "imports": section(lambda: diagrams.imports(project)),
        "tables": section(
            lambda: diagrams.tables(json.loads((project.reports / diagrams.TABLES).read_text()))
        ),
    }


def _failed(verdict: Verdict, runs: Sequence[Run]) -> list[Result]:
    """Return the failed results of the last run, also of one on a part of the files, and the current ones."""
    failed = {result.gate: result for run in runs[:1] for result in run.failed}
    current = {state.gate: state.result for state in verdict.failed if state.result}
    return list((failed | current).values())


@cache
def _templates() -> Environment:
    """Return the templates, all of them loaded: compiling them takes longer than writing a page."""
    BYTECODE.mkdir(exist_ok=True)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=FileSystemBytecodeCache(str(BYTECODE)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "MOST": MAX_LIST_ROWS,
        "branch_text": branch_text,
        "chart_px": CHART_PX,
        "effects": EFFECTS,
        "location": terminal.location,
        "margin_px": MARGIN_PX,
        "number": short_number,
        "python": platform.python_version(),
    }
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def _escaped(value: object) -> object:
    """Escape control characters of a text that the template prints, unless it is a macro's HTML."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return escape_control_characters(value)
    return value


def _linked_reports(project: Project) -> dict[str, str]:
    """Return the reports that exist beside the page, with their titles."""
    return {name: title for name, title in LINKED_REPORTS.items() if (project.reports / name).exists()}


def _head(project: Project) -> dict[str, Any]:
    """Return the commit that was checked out, and whether the work tree differs from it."""
    name = git(project, "log", "-1", "--format=%h %s").strip()
    return {"name": name, "edited": bool(git(project, "status", "--porcelain", "--", "."))}


def _seconds(runs: Sequence[Run], gates: Sequence[str]) -> Mapping[str, list[float]]:
    """Return the seconds of each gate in its last runs, oldest first."""
    found: dict[str, list[float]] = {gate: [] for gate in gates}
    for run in (run for run in runs if not run.arguments):
        for result in run.results:
            if result.seconds and len(found.get(result.gate, range(TIMED_RUNS))) < TIMED_RUNS:
                found[result.gate].insert(0, result.seconds)
    return found
