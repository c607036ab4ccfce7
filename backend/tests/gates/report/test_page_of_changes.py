"""The parts of the page about the change, its policy, and what on-request sessions measured."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from gates.contract.routes import POLICY_FILE
from gates.migrations.revisions import ordered_revisions
from gates.report import page
from gates.report.measurements import benchmarks, chart, short_number
from gates.report.policy import routes_by_action
from gates.report.pull_request import revision_costs
from gates.report.pull_request.revision_costs import MILLION, RevisionCost, StatementCost
from tests.gates.support.html_parser import parse, text_of, with_class
from tests.gates.support.parts.application import installed, lock
from tests.gates.support.parts.migrations import MIGRATIONS, Step, write_steps
from tests.gates.support.sample_project import Part, SampleProject

BENCHMARK: dict[str, Any] = {
    "name": "GET news: requests per second",
    "value": 0.5,
    "unit": "ratio",
    "target": ">= 0.4",
    "met": True,
    "floor": 1053.0,
    "floor_unit": "requests/s",
    "spread": [0.4, 0.6],
}
FAULT: dict[str, Any] = {
    "name": "killed-server",
    "recovery": 1.25,
    "promised": 90,
    "answers": {"200": 130, "503": 258},
    "slowest": 0.36,
    "broken": [],
    "not_tried": "",
    "kept": True,
}


def shown(sample: SampleProject) -> Element:
    return parse(page.render(sample.project))


def rows_of(element: Element, caption: str) -> list[list[str]]:
    (table,) = [each for each in element.iter("table") if caption in text_of(each)]
    return [[text_of(cell) for cell in row] for row in table.iter("tr")][1:]


def test_says_that_nothing_changed_when_a_change_is_empty(change: SampleProject) -> None:
    reasons = [text_of(reason) for reason in with_class(shown(change), "none")]

    assert "The contract is the same as at the base." in reasons
    assert "No file differs from the base." in reasons


def test_shows_changes_of_the_contract(change: SampleProject) -> None:
    contract = {"openapi": "3.1.0", "paths": {"/a": {"get": {"summary": "Read a", "responses": {}}}}}
    change.write("backend/openapi.json", json.dumps(contract)).commit()
    change.git("branch", "--force", "main", "HEAD")
    contract["paths"] = {"/b": {"get": {"summary": "Read b", "responses": {}}}}
    change.write("backend/openapi.json", json.dumps(contract))

    element = shown(change)

    assert rows_of(element, "would not survive") == [["GET /a is gone", "/paths/~1a/get", "none"]]
    assert [text_of(item) for item in next(iter(with_class(element, "changes")))] == [
        "added GET /b Read b",
        "removed GET /a Read a",
    ]


def test_shows_files_and_licences(sample: SampleProject) -> None:
    sample.write("backend/requirements/dev.txt", lock("fastapi==1.0", "ruff==2.0", "sqlalchemy==2.0"))
    for path, text in installed("ruff==2.0").items():
        sample.write(path, f"{text}License-Expression: MIT\n")

    element = shown(sample)

    assert rows_of(element, "Locked versions") == [
        ["ruff", "1.0", "2.0", "MIT", "directly", "tests and tools"]
    ]
    assert rows_of(element, "Files by layer") == [["requirements", "", "1", "", ""]]


def test_shows_revisions_with_what_is_known_of_them(tmp_path: Path) -> None:
    default = '[default]\nsessions = ["migrations"]\n[sessions]\nmigrations = ["migration-head"]\n'
    required = Part({".gitignore": "/reports/\n"}, default)
    sample = SampleProject.build(tmp_path, MIGRATIONS, required, branch="change")
    write_steps(
        sample, Step("nickname", ["SELECT 1"], ["SELECT 1"]), Step("streets", ["SELECT 1"], ["SELECT 1"])
    )
    _, nickname, streets = ordered_revisions(sample.project)
    statements = [
        StatementCost(sql="ALTER TABLE a", seconds=0.5, held=0.75, locks={"a": "ACCESS EXCLUSIVE"}),
        StatementCost(sql="CREATE TABLE b", seconds=0.1, held=0.1, locks={}),
    ]
    cost = RevisionCost(file=nickname.file, rows={"a": MILLION}, statements=statements)
    place = revision_costs._place(sample.project, nickname, MILLION)
    sample.write(sample.project.relative(place), json.dumps(asdict(cost)))

    known, unknown = [text_of(card) for card in with_class(shown(sample), "card")]

    assert known == (
        "2026-01-11_nickname 0.60 s on a with 1,000,000 rows "
        "0.50 s. ACCESS EXCLUSIVE on a blocks reads and writes, for 0.75 s. ALTER TABLE a "
        "0.10 s. No further lock on tables that existed. CREATE TABLE b"
    )
    assert unknown == f"{Path(streets.file).stem} not measured: ./noxw -s pr"


def test_lists_the_routes_of_each_action(change: SampleProject) -> None:
    rows = [
        {
            "path": "/b",
            "methods": ["PUT"],
            "action": "news:write",
            "role": "BOARD_MEMBER",
            "password_hours": 1,
        },
        {"path": "/a", "methods": ["GET"], "action": "news:read", "role": "", "password_hours": None},
    ]
    change.write(f"reports/{POLICY_FILE}", json.dumps(rows))

    assert rows_of(shown(change), "rows of the policy table") == [
        ["news:read", "anybody", "GET /a"],
        ["news:write", "board member or more, with a password entered in the last 1 h", "PUT /b"],
    ]
    assert [*routes_by_action(change.project)] == ["news:read", "news:write"]


def test_shows_benchmarks_with_charts_when_there_are_some(change: SampleProject) -> None:
    processes = [
        BENCHMARK | {"name": f"GET news on {n} processes", "value": 100.0 * n, "target": None, "met": None}
        for n in (1, 2)
    ]
    change.write("reports/bench.json", json.dumps([BENCHMARK, BENCHMARK | {"met": False}, *processes]))

    element = shown(change)

    rows = rows_of(element, "./noxw -s bench")
    assert rows[0][:4] == [
        "GET news: requests per second baseline: 1,053 requests/s",
        "0.5 ratio met",
        "0.4 to 0.6",
        ">= 0.4",
    ]
    assert rows[1][1] == "0.5 ratio missed"
    (drawing,) = with_class(element, "chart")
    assert drawing.get("aria-label") == "100 ratio at 1; 200 ratio at 2"
    assert [text_of(caption) for caption in element.iter("figcaption")] == ["GET news on n processes, ratio"]


def test_has_no_chart_when_a_benchmark_has_one_number(change: SampleProject) -> None:
    change.write("reports/bench.json", json.dumps([BENCHMARK | {"name": "CSV of 1,000 members"}]))

    assert benchmarks(change.project)["charts"] == []


def test_places_points_in_proportion_to_numbers_and_values() -> None:
    found = chart("rows", "MiB", {1_000: 5.0, 500: 10.0})

    assert [(point.number, point.value) for point in found.points] == [(500, 10.0), (1_000, 5.0)]
    assert found.path == "280,44 516,110"


def test_shows_faults_when_they_were_made(change: SampleProject) -> None:
    broken = FAULT | {"name": "full-disk", "broken": ["a write is lost"], "kept": False, "recovery": None}
    skipped = FAULT | {"name": "clock", "not_tried": "no second user"}
    change.write("reports/faults.json", json.dumps([FAULT, broken, skipped]))

    rows = rows_of(shown(change), "./noxw -s faults")

    assert rows[0] == ["kept", "killed-server", "1.2 s", "90", "0.4 s", "503 (258)"]
    assert rows[1][:3] == ["broken", "full-disk a write is lost", ""]
    assert rows[2][:2] == ["not tried", "clock no second user"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.09232, "0.0923"), (1290.4, "1,290"), (420.0, "420"), (7.5, "7.5")]
)
def test_writes_numbers_with_the_digits_that_count(value: float, text: str) -> None:
    assert short_number(value) == text


@pytest.mark.parametrize("name", ["bench.json", "faults.json", POLICY_FILE])
@pytest.mark.parametrize("content", ["{", "[1]", '[{"name": "of another version"}]'])
def test_has_the_other_parts_when_a_report_is_of_another_version(
    change: SampleProject, name: str, content: str
) -> None:
    change.write(f"reports/{name}", content)

    element = shown(change)

    assert [each.get("id") for each in element.iter() if each.get("id") in {"benchmarks", "faults"}] == []
    assert "No file differs from the base." in text_of(element)
