"""Makes an entry's branch and lets every gate judge it; slow tools are asked once about the same files."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from coverage.config import DEFAULT_EXCLUDE
from coverage.parser import PythonParser

from gates import contract, layers, new_code, stack, tools, trend, vulnerabilities, workflows
from gates.changes import merge_base
from gates.measurement import measured_files, snapshot
from gates.model import Project
from gates.registry import CHECKS
from gates.runner import Result, run_gate, run_session
from gates.sources import files
from tests.gates import advisories
from tests.gates.corpus.entries import Innocent, Untested
from tests.gates.corpus.project import FILES, SLOW
from tests.gates.twin import Twin, make_twin

READ_BY = (
    (contract, "_run", ("backend/app",)),
    (layers, "_lint", ("backend/app",)),
    (stack, "_deptry", ("backend/app",)),
    (workflows, "_hooks", (".pre-commit-config.yaml",)),
    (tools, "formatted", ("backend", "noxfile.py")),
    (tools, "linted", ("backend", "noxfile.py")),
    (tools, "typed", ("backend",)),
    (workflows, "_audited", (".github", ".pre-commit-config.yaml")),
)
"""Functions that start a tool, and all that the tool reads: the same files get the same answer."""
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache"}


def judge(entry: Innocent, template: Path, folder: Path) -> tuple[Twin, list[Result], float]:
    """Return the branch with the entry's change, what each gate says, and the seconds that they take."""
    twin = Twin(shutil.copytree(template, folder, dirs_exist_ok=True, symlinks=True)).branch()
    entry.change(twin)
    measure(twin.commit(), entry.untested)
    start, project = time.perf_counter(), twin.project
    merge_base(project), files(project)  # asked before the gates do, all at once
    results = run_session(project, "static", CHECKS)
    if entry.gate in SLOW:
        results.append(run_gate(twin.project, "slow", entry.gate, CHECKS))
    return twin, results, time.perf_counter() - start


def merged(folder: Path) -> Path:
    """Return the project on main, tested and judged, for `judge` to copy with all that the gates remember."""
    twin = measure(make_twin(folder, FILES), {})
    trend.remember(twin.project)
    results = run_session(twin.project, "static", CHECKS)
    findings = [(result.gate, finding) for result in results for finding in result.findings]
    assert findings == [], findings
    return twin.root


def measure(twin: Twin, untested: Untested) -> Twin:
    """Leave what a passed run of the tests would that runs all lines but the untested ones."""
    project = twin.project
    report = {
        name.removeprefix("backend/"): _measured(_text(twin, name), untested.get(name))
        for name in measured_files(project)
    }
    content = {"meta": {"branch_coverage": True}, "files": report}
    twin.write("reports/coverage/coverage.json", json.dumps(content))
    return twin.write("reports/coverage/stamp.json", json.dumps(snapshot(project)))


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
    patch.setattr(new_code, "diff_cover", lambda *_: [])
    patch.setattr(vulnerabilities, "_tool", advisories.program)
    for module, name, places in READ_BY:
        patch.setattr(module, name, _once(getattr(module, name), places))


@cache
def _once(ask: Callable[..., Any], places: tuple[str, ...]) -> Callable[..., Any]:
    answers: dict[str, Any] = {}

    def answer(project: Project, *arguments: object) -> object:
        key = repr((arguments, [_digest(project.root / place) for place in places]))
        if key not in answers:
            said = ask(project, *arguments)
            answers[key] = [*said] if isinstance(said, Iterator) else said
        return answers[key]

    return answer


def _digest(place: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.is_file() and not CACHES & {*path.parts}:
            digest.update(f"{path.relative_to(place)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _text(twin: Twin, name: str) -> str:
    return (twin.root / name).read_text(encoding="utf-8")
