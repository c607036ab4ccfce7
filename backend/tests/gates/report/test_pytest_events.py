"""Events of pytest while it runs the tests of a gate."""

import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from gates.model import GateError, Project
from gates.report.pytest_events import Reporter, main
from gates.testing import runs
from gates.testing.durations.history import SECONDS_FILE
from gates.testing.result_cache.store import FOLDER_VARIABLE
from tests.gates.support.parts.coverage import COVERAGE, TEST, MeasuredProject


@pytest.fixture
def sample(tmp_path: Path) -> MeasuredProject:
    return MeasuredProject.build(tmp_path / "sample", COVERAGE, branch="change")


def followed(sample: MeasuredProject, *arguments: str) -> Project:
    (sample.root / "reports").mkdir()
    return Project(root=sample.root, arguments=arguments, events=sample.root / "reports/tests.jsonl")


def told(project: Project) -> list[dict[str, Any]]:
    assert project.events
    return [json.loads(line) for line in project.events.read_text().splitlines()]


@pytest.mark.parametrize("workers", ["0", "1"])
def test_tells_counts_and_failures_and_prints_into_a_log(
    sample: MeasuredProject, workers: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sample.replace(TEST, "== 'hello'", "== 'bye'")
    project = followed(sample, "-n", workers)

    outcome = runs.check_tests(project)

    events = told(project)
    assert [event["tests"] for event in events if event["event"] == "collected"] == [2]
    assert sorted(event["test"] for event in events if event["event"] == "testing") == [
        "tests/test_legacy.py::test_half",
        "tests/test_shop.py::test_greets",
    ]
    assert [event["event"] for event in events].count("tested") == 2
    (failed,) = (event for event in events if event["event"] == "failed")
    assert (failed["file"], failed["line"], failed["name"]) == ("tests/test_shop.py", 4, "test_greets")
    assert failed["message"].startswith("AssertionError: assert 'hello' == 'bye'")
    assert outcome.note == "2 tests"
    assert (outcome.findings[0].file, outcome.findings[0].line) == (TEST, 6)
    assert capfd.readouterr().out == ""
    assert "1 failed, 1 passed" in (sample.root / "reports/logs/tests.log").read_text()


def test_tells_what_it_does_when_no_test_runs(
    sample: MeasuredProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "results"))
    project = followed(sample)
    (project.reports / SECONDS_FILE).write_text('{"tests/test_shop.py::test_greets": 3.0}')

    assert runs.check_tests(project).status == "passed"

    events = told(project)
    assert [event["text"] for event in events if event["event"] == "step"] == [
        "saving results",
        "combining the coverage",
        "saving the coverage",
    ]
    assert [event["seconds"] for event in events if event["event"] == "expected"] == [3.0]


def test_says_why_a_file_could_not_be_collected(sample: MeasuredProject) -> None:
    sample.append(TEST, "import missing_module\n")
    project = followed(sample, "tests")

    outcome = runs.check_tests(project)

    assert "No module named 'missing_module'" in outcome.findings[0].message


def test_names_the_log_when_pytest_breaks_down(sample: MeasuredProject) -> None:
    sample.replace(
        "backend/pyproject.toml", "[tool.pytest.ini_options]", "[tool.pytest.ini_options]\nminversion = '99'"
    )
    project = followed(sample)

    with pytest.raises(GateError, match=r"before it wrote its report; see reports/logs/tests.log"):
        runs.check_tests(project)


def test_tells_failures_of_each_phase_and_of_a_crashed_worker() -> None:
    file = StringIO()
    reporter = Reporter(file)
    where = ("tests/test_a.py", None, "test_a")
    node = "tests/test_a.py::TestA::test_a[x::y]"
    crashed = cast("Literal['call']", "???")
    reports = [
        pytest.TestReport(node, where, {}, "failed", "worker 'gw0' crashed", "setup"),
        pytest.TestReport(node, where, {}, "passed", None, "teardown"),
        pytest.TestReport(node, where, {}, "failed", "worker 'gw0' crashed", crashed),
    ]
    for report in reports:
        reporter.pytest_runtest_logreport(report)

    events = [json.loads(line) for line in file.getvalue().splitlines()]

    assert [event["event"] for event in events] == ["failed", "tested", "failed", "tested"]
    assert events[0] == {
        "event": "failed",
        "node": node,
        "file": "tests/test_a.py",
        "line": None,
        "name": "test_a[x::y]",
        "message": "worker 'gw0' crashed",
        "text": "worker 'gw0' crashed",
    }


def test_tells_each_test_when_no_worker_runs_them(request: pytest.FixtureRequest) -> None:
    file = StringIO()
    reporter = Reporter(file)

    reporter.pytest_sessionstart()
    reporter.pytest_collection_finish(request.session)
    reporter.pytest_xdist_node_collection_finished(ids=["a", "b"])
    reporter.pytest_runtest_logstart(nodeid="a")

    start, first, *others = [json.loads(line) for line in file.getvalue().splitlines()]
    assert start == {"event": "collecting"}
    assert first == {"event": "collected", "tests": len(request.session.items)}
    assert others == [{"event": "collected", "tests": 2}, {"event": "testing", "test": "a"}]


def test_runs_pytest_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", ["/elsewhere", *sys.path])

    assert main([str(tmp_path / "events"), "--version"]) == 0
    assert sys.path[0] == str(Path.cwd())
    assert "pytest" in "".join(capsys.readouterr())
