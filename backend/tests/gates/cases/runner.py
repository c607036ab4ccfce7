"""Makes an entry's branch and lets every gate judge it; slow tools are asked once about the same files."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
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
from gates.runner import Result, run_gate, run_session
from tests.gates.cases.case import Innocent, Untested
from tests.gates.support import fake_audit_tools
from tests.gates.support.complete import FILES, SLOW
from tests.gates.support.sample_project import Twin, copied, make_twin

Endings = str | tuple[str, ...]

ANY = ""
CODE = (".py", ".pyi", ".ipynb", ".toml", ".cfg", ".ini")
READ_BY = (
    (openapi, "run_application", ("backend/app",), ANY),
    (routes, "run_application", ("backend/app",), ANY),
    (layers, "_run_import_linter", ("backend/app",), CODE),
    (stack, "_deptry", ("backend/app",), CODE),
    (workflows, "_check_hooks", (".pre-commit-config.yaml",), ANY),
    (ruff, "check_format", ("backend", "noxfile.py"), CODE),
    (ruff, "check_lint", ("backend", "noxfile.py"), CODE),
    (mypy, "check", ("backend",), CODE),
    (workflows, "_zizmor_findings", (".github", ".pre-commit-config.yaml"), ANY),
)
"""Functions that start a tool, and all that the tool reads: the same files get the same answer.

It may look at each name below these places, and into files whose names end like this.
"""
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache"}


def judge(entry: Innocent, template: Path, folder: Path) -> tuple[Twin, list[Result], float]:
    """Return the branch with the entry's change, what each gate says, and the seconds that they take."""
    twin = Twin(copied(template, folder))
    entry.change(twin)
    project = twin.commit().project
    measure(project, entry.untested)
    start = time.perf_counter()
    results = run_session(project, "static", CHECKS)
    if entry.gate in SLOW:
        results.append(run_gate(twin.project, "slow", entry.gate, CHECKS))
    return twin, results, time.perf_counter() - start


def merged(folder: Path) -> Path:
    """Return the project on main, tested and judged, for `judge` to copy with all that the gates remember."""
    twin = make_twin(folder, FILES)
    project = twin.project
    measure(project, {})
    trend.store_totals(project)
    results = run_session(project, "static", CHECKS)
    findings = [(result.gate, finding) for result in results for finding in result.findings]
    assert findings == [], findings
    return twin.branch().root


def measure(project: Project, untested: Untested) -> None:
    """Leave what a passed run of the tests would that runs all lines but the untested ones."""
    report = {
        name.removeprefix("backend/"): _measured(text(project, name), untested.get(name))
        for name in measured_files(project)
    }
    content = {"meta": {"branch_coverage": True}, "files": report}
    folder = project.reports / "coverage"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coverage.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "stamp.json").write_text(json.dumps(snapshot(project)), encoding="utf-8")


@cache
def _measured(source: str, untested: str | None) -> dict[str, list[Any]]:
    """Return coverage's report of a file whose lines are run, but for the one with a fragment; "" is all."""
    parser = PythonParser(text=source or "\n", exclude="|".join(DEFAULT_EXCLUDE))
    parser.parse_source()
    missing = {line_of(source, untested)} if untested else parser.statements if untested == "" else set()
    forks = {line for line, ways in parser.exit_counts().items() if ways > 1}
    branches = [arc for arc in sorted(parser.arcs()) if arc[0] in forks]
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


def without_repetition(patch: pytest.MonkeyPatch) -> None:
    """Ask each slow tool only once about the same files, no service, and leave diff-cover's reports out."""
    patch.setattr(new, "diff_cover", lambda *_: [])
    patch.setattr(vulnerabilities, "_tool", fake_audit_tools.program)
    for module, name, places, endings in READ_BY:
        patch.setattr(module, name, _once(getattr(module, name), places, endings))


@cache
def _once(ask: Callable[..., Any], places: tuple[str, ...], endings: Endings) -> Callable[..., Any]:
    answers: dict[str, Any] = {}

    def answer(project: Project, *arguments: object) -> object:
        key = repr((arguments, [_digest(project, place, endings) for place in places]))
        if key not in answers:
            said = ask(project, *arguments)
            answers[key] = [*said] if isinstance(said, Iterator) else said
        return answers[key]

    return answer


def _digest(project: Project, place: str, endings: Endings) -> str:
    return project.memoize(("digest", place, endings), lambda: _digest_of(project.root / place, endings))


def _digest_of(place: Path, endings: Endings) -> str:
    digest = hashlib.sha256()
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.is_file() and not CACHES & {*path.parts}:
            content = path.read_bytes() if path.name.endswith(endings) else b""
            digest.update(f"{path.relative_to(place)}\0".encode() + content)
    return digest.hexdigest()
