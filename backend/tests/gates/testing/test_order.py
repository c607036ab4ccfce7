import json
import subprocess
import sys
from pathlib import Path

import pytest

from gates.coverage.data import environment_for_pytest
from gates.model import Project
from gates.testing.durations.history import SECONDS_FILE, add_durations, expected_seconds, read_seconds
from gates.testing.durations.order import DISTRIBUTION, ordered
from gates.testing.durations.summary import DURATIONS_FILE
from gates.testing.result_cache.selection import Selection
from gates.testing.runs import check_tests
from gates.testing.workers import VARIABLE, workers_for, workers_for_all_tests
from tests.gates.support.parts.coverage import COVERAGE, MeasuredProject

SHORT = [f"short{number}" for number in range(7)]


def test_begins_each_part_with_long_tests() -> None:
    tests = [*SHORT[:4], "five", "forty", "six", *SHORT[4:]]

    found = ordered(tests, {"five": 5, "forty": 40, "six": 6, "short0": 1}, 2)

    assert found == ["forty", *SHORT[:4], "six", "short4", "five", *SHORT[5:]]


def test_keeps_the_order_when_no_test_is_known() -> None:
    assert ordered(SHORT, {}, 3) == SHORT


def test_fills_parts_evenly_when_all_tests_are_long() -> None:
    seconds = {name: 9.0 - number for number, name in enumerate(SHORT)}

    assert ordered(SHORT, seconds, 3) == [
        "short0",
        "short5",
        "short1",
        "short4",
        "short2",
        "short3",
        "short6",
    ]


def test_has_all_tests_when_there_are_more_workers_than_tests() -> None:
    assert sorted(ordered(SHORT[:2], {"short1": 9}, 4)) == SHORT[:2]


def test_runs_long_tests_at_once_when_workers_are_free(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import json, os, pathlib, pytest\n\n@pytest.mark.parametrize('number', range(8))\n"
        "def test_it(number):\n"
        "    name = f'{os.environ[\"PYTEST_XDIST_WORKER\"]}.txt'\n"
        "    with pathlib.Path(name).open('a') as file:\n        file.write(str(number))\n"
    )
    (tmp_path / "seconds.json").write_text(
        json.dumps({"test_it.py::test_it[6]": 9, "test_it.py::test_it[7]": 9})
    )

    options = ["-n", "2", *DISTRIBUTION, "-p", "gates.testing.durations.order", "--test-seconds=seconds.json"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *options],
        cwd=tmp_path,
        env=environment_for_pytest(Project(root=tmp_path)),
        check=True,
    )

    first = {(tmp_path / f"gw{number}.txt").read_text()[0] for number in range(2)}
    assert first == {"6", "7"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "reports").mkdir()
    return Project(root=tmp_path)


def test_remembers_the_seconds_of_earlier_runs(project: Project) -> None:
    for tests in ({"a": [1.0, 0.5], "b": [2.0, 0.1]}, {"b": [3.004, 0.1]}):
        (project.reports / DURATIONS_FILE).write_text(json.dumps({"tests": tests}))
        add_durations(project)

    assert read_seconds(project.reports / SECONDS_FILE) == {"a": 1.0, "b": 3.0}


@pytest.mark.parametrize(
    ("arguments", "workers", "seconds"),
    [
        (["a.py"], 1, 12.0),
        (["a.py", "b.py::c"], 2, 9.0),
        (["a.py::b", "a.py::b[1]"], 4, 9.0),
        (["b.py::c"], 0, 6.0),
        (["c.py"], 2, 0.0),
    ],
    ids=["file", "workers", "longest", "one process", "unknown"],
)
def test_expects_the_seconds_of_the_selected_tests(
    arguments: list[str], workers: int, seconds: float
) -> None:
    known = {"a.py::b": 3.0, "a.py::b[1]": 9.0, "b.py::c": 6.0}

    assert expected_seconds(known, arguments, workers) == seconds


def test_changes_nothing_when_no_durations_were_recorded(project: Project) -> None:
    add_durations(project)

    assert [*project.reports.iterdir()] == []


@pytest.mark.parametrize("content", ["[]", "{", '{"a": null}', '{"a": "x"}'])
def test_knows_no_seconds_when_the_file_is_damaged(content: str, tmp_path: Path) -> None:
    (tmp_path / "seconds.json").write_text(content)

    assert read_seconds(tmp_path / "seconds.json") == {}


@pytest.mark.parametrize(
    ("variable", "seconds", "workers"),
    [
        ("4", {}, "0"),
        ("4", {"t.py::a": 60, "t.py::b": 9}, "0"),
        ("4", {"t.py::a": 60, "t.py::b": 50}, "3"),
        ("2", {"t.py::a": 60, "t.py::b": 50}, "2"),
        ("auto", {"t.py::a": 60, "t.py::b": 50}, "auto"),
    ],
    ids=["unknown", "nothing to gain", "few", "as many as there are", "xdist's word"],
)
def test_runs_few_tests_side_by_side_when_they_are_long(
    variable: str, seconds: dict[str, int], workers: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.reports / SECONDS_FILE).write_text(json.dumps(seconds))
    monkeypatch.setenv(VARIABLE, variable)

    assert workers_for(project, Selection({}, ["t.py::a", "t.py::b", "t.py::c"])) == workers


@pytest.mark.parametrize(
    ("arguments", "is_parallel"),
    [
        (["tests/test_shop.py"], False),
        (["tests/test_shop.py::test_worker"], False),
        (["tests"], True),
        (["-k", "worker"], True),
        (["tests/test_shop.py", "tests/test_legacy.py"], True),
    ],
    ids=["file", "test", "folder", "names", "long tests"],
)
def test_starts_no_workers_for_short_tests_of_a_file(
    arguments: list[str], is_parallel: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    sample = MeasuredProject.build(tmp_path, COVERAGE, branch="change")
    sample.write("reports/test-seconds.json", '{"tests/test_legacy.py::test_half": 60}')
    sample.append(
        "backend/tests/test_shop.py",
        "\n\ndef test_worker():\n    import os, pathlib\n"
        "    pathlib.Path('worker').write_text(os.environ.get('PYTEST_XDIST_WORKER', ''))\n",
    )

    check_tests(Project(root=sample.root, arguments=arguments))

    worker = (sample.root / "backend/worker").read_text()
    assert worker.startswith("gw") == is_parallel


def test_runs_many_tests_on_all_workers(project: Project) -> None:
    assert workers_for(project, Selection({}, ["t.py"])) == workers_for_all_tests()
