"""Every case is a branch that exactly one gate refuses, or that all gates accept."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.gates.cases import INVALID_CASES, VALID_CASES, report
from tests.gates.cases.case import InvalidCase, ValidCase
from tests.gates.cases.runner import cache_tool_runs, line_of, make_template, run_gates
from tests.gates.support import prepared_processes
from tests.gates.support.parts.all_gates import GATES, RULES

EXPENSIVE = {"migration-cycle", "migration-drift", "mutants", "routes", "tests"}
"""Gates that start PostgreSQL, pytest or the application; a run without them takes less than a minute."""

RULE_OF = {gate: number for number, (_, gates) in RULES.items() for gate in gates}


def parameters(cases: Sequence[ValidCase]) -> list[pytest.ParameterSet]:
    return [
        pytest.param(case, marks=pytest.mark.expensive if case.gate in EXPENSIVE else ()) for case in cases
    ]


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("mypy"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, mypy_cache: str) -> None:
    make_quick(monkeypatch, mypy_cache)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, mypy_cache: str) -> Path:
    """The project on main, once a process. Its runs of tools count for the cases that do not affect them."""
    with prepared_processes.prepared() as patch:
        make_quick(patch, mypy_cache)
        return make_template(tmp_path_factory.mktemp("template"))


def make_quick(patch: pytest.MonkeyPatch, mypy_cache: str) -> None:
    cache_tool_runs(patch)
    patch.setenv("MYPY_CACHE_DIR", mypy_cache)


@pytest.fixture(scope="session", autouse=True)
def _table() -> Iterator[None]:
    yield
    report.write_table([*INVALID_CASES, *VALID_CASES])


@pytest.mark.parametrize("case", parameters(INVALID_CASES), ids=lambda case: f"{case.gate}: {case.id}")
def test_refuses_branch_when_it_breaks_a_rule(case: InvalidCase, template: Path, tmp_path: Path) -> None:
    sample, results, seconds = run_gates(case, template, tmp_path)

    refusing = {result.gate: result for result in results if result.status == "failed"}
    assert refusing.keys() == {case.gate, *case.also_rejected_by}, [
        (gate, f.file, f.line, f.message) for gate, result in refusing.items() for f in result.findings
    ]
    result = refusing[case.gate]
    assert result.rule == RULE_OF[case.gate]
    line = line_of((sample.root / case.file).read_text(encoding="utf-8"), case.line) if case.line else 0
    found = [(f.file, f.line, case.message in f.message, case.fix in f.fix) for f in result.findings]
    assert (case.file, line, True, True) in found, result.findings
    report.write_row(case, result.rule, f"{case.file}:{line}" if line else case.file, seconds)


@pytest.mark.parametrize("case", parameters(VALID_CASES), ids=lambda case: f"{case.gate}: {case.id}")
def test_passes_branch_when_it_breaks_no_rule(case: ValidCase, template: Path, tmp_path: Path) -> None:
    _, results, seconds = run_gates(case, template, tmp_path)

    assert [(r.gate, f.file, f.line, f.message) for r in results for f in r.findings] == []
    report.write_row(case, RULE_OF[case.gate], "passes", seconds)


def test_proves_every_gate_of_every_rule() -> None:
    assert {case.gate for case in INVALID_CASES} == {*GATES}
    assert {case.gate for case in VALID_CASES} == {*GATES}
