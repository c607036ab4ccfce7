"""Every change of the corpus is a branch that exactly one gate refuses, or that all let pass."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.gates.cases import ENTRIES, INNOCENT, report
from tests.gates.cases.case import Innocent, Violation
from tests.gates.cases.runner import judge, line_of, merged, without_repetition
from tests.gates.support.complete import GATES, RULES

EXPENSIVE = {"migration-cycle", "migration-drift", "mutants", "routes", "tests"}
"""Gates that start PostgreSQL, pytest or the application; a run without them takes less than a minute."""

RULE_OF = {gate: number for number, (_, gates) in RULES.items() for gate in gates}


def marked(entries: Sequence[Innocent]) -> list[pytest.ParameterSet]:
    return [
        pytest.param(entry, marks=pytest.mark.expensive if entry.gate in EXPENSIVE else ())
        for entry in entries
    ]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    without_repetition(monkeypatch)
    monkeypatch.setenv("MYPY_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "mypy"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return merged(tmp_path_factory.mktemp("merged"))


@pytest.fixture(scope="module", autouse=True)
def _table() -> Iterator[None]:
    yield
    report.write([*ENTRIES, *INNOCENT])


@pytest.mark.parametrize("entry", marked(ENTRIES), ids=lambda entry: f"{entry.gate}: {entry.what}")
def test_refuses_branch_when_it_breaks_a_rule(entry: Violation, template: Path, tmp_path: Path) -> None:
    twin, results, seconds = judge(entry, template, tmp_path)

    refusing = {result.gate: result for result in results if result.status == "failed"}
    assert refusing.keys() == {entry.gate, *entry.also}, [
        (gate, f.file, f.line, f.message) for gate, result in refusing.items() for f in result.findings
    ]
    result = refusing[entry.gate]
    assert result.rule == RULE_OF[entry.gate]
    line = line_of((twin.root / entry.file).read_text(encoding="utf-8"), entry.line) if entry.line else 0
    said = [(f.file, f.line, entry.says in f.message, entry.fix in f.fix) for f in result.findings]
    assert (entry.file, line, True, True) in said, result.findings
    report.note(entry, result.rule, f"{entry.file}:{line}" if line else entry.file, seconds)


@pytest.mark.parametrize("entry", marked(INNOCENT), ids=lambda entry: f"{entry.gate}: {entry.what}")
def test_passes_branch_when_it_breaks_no_rule(entry: Innocent, template: Path, tmp_path: Path) -> None:
    _, results, seconds = judge(entry, template, tmp_path)

    assert [(r.gate, f.file, f.line, f.message) for r in results for f in r.findings] == []
    report.note(entry, RULE_OF[entry.gate], "passes", seconds)


def test_proves_every_gate_of_every_rule() -> None:
    assert {entry.gate for entry in ENTRIES} == {*GATES}
