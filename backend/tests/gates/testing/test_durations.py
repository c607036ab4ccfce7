import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gates.coverage.data import environment_for_pytest
from gates.model import Project
from gates.report import page
from gates.testing.durations.plugin import WORKER_OUTPUT_KEY, Recorder
from gates.testing.durations.summary import DURATIONS_FILE, summarize
from tests.gates.support.html_parser import parse, text_of, with_class
from tests.gates.support.parts.results import RESULTS, make_result, record_run
from tests.gates.support.sample_project import SampleProject

pytest_plugins = ["pytester"]

TESTS = """import pathlib
import subprocess
import sys
import threading

import pytest

SPIN = "import time\\nwhile time.process_time() < 0.2: pass"


@pytest.fixture
def inner():
    threading.Event().wait(0.15)


@pytest.fixture
def outer(inner):
    return 1


def test_waits(outer):
    assert outer


def test_computes_in_a_child():
    subprocess.run([sys.executable, "-c", SPIN], check=True)
"""
RECORDED = {
    "tests": {
        "tests/api/test_news.py::test_a[1]": [0.5, 0.1],
        "tests/api/test_news.py::test_b": [0.3, 0.3],
        "tests/unit/test_news.py::test_c": [0.01, 0.02],
    },
    "fixtures": {"client": [2, 0.2, 0.1], "clock": [3, 0.01, 0.01]},
}


def run(folder: Path, *options: str) -> dict[str, Any]:
    """Run the tests with the plugin and return what it recorded."""
    (folder / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "gates.testing.durations.plugin", *options]
    subprocess.run(
        [*command, "--durations-data=out/data.json"],
        cwd=folder,
        env=environment_for_pytest(Project(root=folder)),
        check=True,
    )
    recorded: dict[str, Any] = json.loads((folder / "out/data.json").read_text())
    return recorded


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = SampleProject.build(tmp_path, RESULTS, repository=False).project
    project.reports.mkdir(exist_ok=True)
    (project.reports / DURATIONS_FILE).write_text(json.dumps(RECORDED))
    return project


@pytest.mark.parametrize(
    "options", [["-n", "0", "-p", "pytest_asyncio.plugin"], ["-n", "2"]], ids=["one process", "xdist"]
)
def test_tells_waiting_from_computing(options: list[str], tmp_path: Path) -> None:
    recorded = run(tmp_path, *options)

    waits, waits_computing = recorded["tests"]["test_it.py::test_waits"]
    computes, computes_computing = recorded["tests"]["test_it.py::test_computes_in_a_child"]
    assert waits >= 0.15 > waits_computing
    assert computes >= computes_computing - 0.05
    assert computes_computing >= 0.15


@pytest.mark.parametrize("workers", ["0", "1"])
def test_writes_when_the_process_that_reports_ends(workers: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TESTS)

    plugins = ["-p", "xdist.plugin", "-n", workers, "-p", "gates.testing.durations.plugin"]
    pytester.runpytest_inprocess(*plugins, "--durations-data=out/data.json").assert_outcomes(passed=2)

    recorded = json.loads((pytester.path / "out/data.json").read_text())
    assert {*recorded["tests"]} == {"test_it.py::test_waits", "test_it.py::test_computes_in_a_child"}
    assert recorded["fixtures"]["outer"][0] == 1


def test_records_nothing_when_no_place_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it():\n    pass\n")

    pytester.runpytest_inprocess("-p", "gates.testing.durations.plugin").assert_outcomes(passed=1)

    assert [*pytester.path.rglob("*.json")] == []


def test_sends_durations_when_it_is_a_worker() -> None:
    output: dict[str, object] = {}
    session: Any = SimpleNamespace(config=SimpleNamespace(workeroutput=output))
    recorder = Recorder(tests={"test_it.py::test_it": [0.5, 0.1]})

    recorder.pytest_sessionfinish(session)

    assert output == {WORKER_OUTPUT_KEY: {"tests": {"test_it.py::test_it": [0.5, 0.1]}, "fixtures": {}}}


def test_counts_a_fixture_without_the_fixtures_that_it_uses(tmp_path: Path) -> None:
    fixtures = run(tmp_path, "-n", "0")["fixtures"]

    assert (fixtures["inner"][0], fixtures["outer"][0]) == (1, 1)
    assert fixtures["inner"][1] >= 0.15 > fixtures["outer"][1]


def test_sums_up_by_folder_slowest_first(project: Project) -> None:
    kinds = summarize(project, [])["kinds"]

    assert [(kind.name, kind.count, kind.seconds, kind.computing, kind.median) for kind in kinds] == [
        ("tests/api", 2, 0.8, 0.4, 0.4),
        ("tests/unit", 1, 0.01, 0.02, 0.01),
    ]
    assert [round(kind.waiting, 9) for kind in kinds] == [0.4, 0]


def test_marks_tests_that_the_change_edits(project: Project) -> None:
    tests = summarize(project, ["backend/tests/api/test_news.py"])["tests"]

    assert [(test.name, test.is_changed) for test in tests] == [
        ("tests/api/test_news.py::test_a[1]", True),
        ("tests/api/test_news.py::test_b", True),
        ("tests/unit/test_news.py::test_c", False),
    ]


def test_names_the_costly_fixtures_first(project: Project) -> None:
    assert [(row.name, row.count) for row in summarize(project, [])["fixtures"]] == [
        ("client", 2),
        ("clock", 3),
    ]


def test_shows_durations_on_the_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    record_run(project, make_result())
    monkeypatch.setattr(page, "merge_base", lambda _: None)
    monkeypatch.setattr(page, "changed_paths", lambda *_: {"backend/tests/unit/test_news.py"})

    tables = with_class(parse(page.render(project)), "durations")
    kinds, tests, fixtures = map(text_of, tables)

    assert kinds.endswith(
        "Median, ms Seconds Computing Waiting tests/api 2 400 0.80 0.40 0.40 tests/unit 1 10 0.01 0.02 0.00"
    )
    assert "tests/api/test_news.py::test_a[1] 0.50 0.10 0.40" in tests
    assert "tests/unit/test_news.py::test_c edited 0.01 0.02 0.00" in tests
    assert fixtures.endswith("Waiting client 2 0.20 0.10 0.10 clock 3 0.01 0.01 0.00")


def test_says_why_durations_are_missing_when_there_was_no_run(project: Project) -> None:
    (project.reports / DURATIONS_FILE).unlink()

    assert "Durations cannot be shown." in text_of(parse(page.render(project)))
