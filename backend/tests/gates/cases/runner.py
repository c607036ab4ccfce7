"""Makes a branch from a case and runs every gate on it. Slow tools run once for the same files."""

import ast
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from coverage.config import DEFAULT_EXCLUDE
from coverage.parser import PythonParser

from gates.architecture import layers, stack
from gates.audit import vulnerabilities
from gates.contract import openapi, routes
from gates.coverage import new, trend
from gates.coverage.data import measured_files, snapshot
from gates.lint import mypy, ruff, workflows
from gates.model import Project
from gates.registry import CHECKS
from gates.repo.files import text
from gates.repo.python import parse_source
from gates.runner import Result, run_gate, run_session
from tests.gates.cases.case import Untested, ValidCase
from tests.gates.support import fake_audit_tools
from tests.gates.support.parts.all_gates import COMPLETE, SLOW
from tests.gates.support.sample_project import SampleProject, copied

Endings = str | tuple[str, ...]
View = Callable[[bytes], bytes]

ANY = ""
PYTHON = (".py", ".pyi")
CODE = (".py", ".pyi", ".ipynb", ".toml", ".cfg", ".ini")
OTHER_IMPORTS = (b"import_module", b"__import__", b"TYPE_CHECKING", b"deptry")
"""Words in files whose imports the tools may read in another way than as statements."""


@cache
def imports_of(source: bytes) -> bytes:
    """Return what tools that read imports see of a Python file: each import with its line."""
    if any(word in source for word in OTHER_IMPORTS):
        return source
    try:
        nodes = ast.walk(parse_source(source))
    except (SyntaxError, ValueError):
        return source
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    return "\n".join(f"{node.lineno} {ast.unparse(node)}" for node in imports).encode()


TOOL_RUNS: tuple[tuple[ModuleType, str, tuple[str, ...], Endings, View], ...] = (
    (openapi, "run_application", ("backend/app",), ANY, bytes),
    (routes, "run_application", ("backend/app",), ANY, bytes),
    (layers, "_run_import_linter", ("backend/app",), CODE, imports_of),
    (stack, "_deptry", ("backend/app",), CODE, imports_of),
    (workflows, "_check_hooks", (".pre-commit-config.yaml",), ANY, bytes),
    (ruff, "check_format", ("backend", "noxfile.py"), CODE, bytes),
    (ruff, "check_lint", ("backend", "noxfile.py"), CODE, bytes),
    (mypy, "check", ("backend",), CODE, bytes),
    (workflows, "_zizmor_findings", (".github", ".pre-commit-config.yaml"), ANY, bytes),
)
"""Functions that start a tool, the places whose names it reads, the endings of files that it opens, and what
it sees of Python files.
"""
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache"}


def run_gates(case: ValidCase, template: Path, folder: Path) -> tuple[SampleProject, list[Result], float]:
    """Return the branch with the case's change, each gate's result, and the seconds that they take."""
    sample = SampleProject(copied(template, folder))
    case.change(sample)
    project = sample.commit().project
    write_coverage(project, case.untested)
    start = time.perf_counter()
    results = run_session(project, "static", CHECKS)
    if case.gate in SLOW:
        results.append(run_gate(sample.project, "slow", case.gate, CHECKS))
    return sample, results, time.perf_counter() - start


def make_template(folder: Path) -> Path:
    """Return the project on main, tested and checked, which `run_gates` copies with the gates' caches."""
    sample = SampleProject.build(folder, *COMPLETE)
    project = sample.project
    write_coverage(project, {})
    trend.store_totals(project)
    results = run_session(project, "static", CHECKS)
    findings = [(result.gate, finding) for result in results for finding in result.findings]
    assert findings == [], findings
    return sample.branch().root


def write_coverage(project: Project, untested: Untested) -> None:
    """Write the data of a passed test run that covers all lines but the untested ones."""
    report = {
        name.removeprefix("backend/"): _file_report(text(project, name), untested.get(name))
        for name in measured_files(project)
    }
    content = {"meta": {"branch_coverage": True}, "files": report}
    folder = project.reports / "coverage"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coverage.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "stamp.json").write_text(json.dumps(snapshot(project)), encoding="utf-8")


@cache
def _file_report(source: str, untested: str | None) -> dict[str, list[Any]]:
    """Return coverage's report of a file. The line with the fragment is missing; all are when it is ""."""
    parser = PythonParser(text=source or "\n", exclude="|".join(DEFAULT_EXCLUDE))
    parser.parse_source()
    missing: set[int] = set()
    if untested == "":
        missing = parser.statements
    elif untested:
        missing = {line_of(source, untested)}
    branching = {line for line, exits in parser.exit_counts().items() if exits > 1}
    branches = [arc for arc in sorted(parser.arcs()) if arc[0] in branching]
    return {
        "executed_lines": sorted(parser.statements - missing),
        "missing_lines": sorted(missing),
        "excluded_lines": sorted(parser.excluded),
        "executed_branches": [arc for arc in branches if not missing & {*arc}],
        "missing_branches": [arc for arc in branches if missing & {*arc}],
    }


def line_of(source: str, fragment: str) -> int:
    """Return the number of the first line that holds a fragment, 0 for the fragment ""."""
    numbers = (number for number, line in enumerate(source.splitlines(), 1) if fragment and fragment in line)
    return next(numbers, 0)


def cache_tool_runs(patch: pytest.MonkeyPatch) -> None:
    """Run each slow tool once for the same files, fake the advisories, and skip diff-cover's reports."""
    patch.setattr(new, "diff_cover", lambda *_: [])
    patch.setattr(vulnerabilities, "_tool", fake_audit_tools.program)
    for module, name, places, endings, view in TOOL_RUNS:
        patch.setattr(module, name, _cached(getattr(module, name), places, endings, view))


@dataclass(frozen=True)
class ToolRun:
    """A tool's run on a project; equal to others of the same tool with the same key."""

    tool: Callable[..., Any]
    key: str
    project: Project = field(compare=False)
    arguments: tuple[object, ...] = field(compare=False)


@cache
def _result(run: ToolRun) -> object:
    result = run.tool(run.project, *run.arguments)
    return [*result] if isinstance(result, Iterator) else result


@cache
def _cached(
    run_tool: Callable[..., Any], places: tuple[str, ...], endings: Endings, view: View
) -> Callable[..., Any]:
    def cached(project: Project, *arguments: object) -> object:
        key = repr((arguments, [_digest(project, place, endings, view) for place in places]))
        return _result(ToolRun(run_tool, key, project, arguments))

    return cached


def _digest(project: Project, place: str, endings: Endings, view: View) -> str:
    question = ("digest", place, endings, view)
    return project.memoize(question, lambda: _digest_of(project.root / place, endings, view))


def _digest_of(place: Path, endings: Endings, view: View) -> str:
    digest = hashlib.sha256()
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.is_file() and not CACHES & {*path.parts}:
            content = path.read_bytes() if path.name.endswith(endings) else b""
            seen = view(content) if path.suffix in PYTHON else content
            digest.update(f"{path.relative_to(place)}\0".encode() + seen)
    return digest.hexdigest()
