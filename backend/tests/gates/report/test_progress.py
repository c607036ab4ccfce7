"""The state of a run, as its gates tell it: what runs, what was found, and how long it is going to take."""

from dataclasses import replace
from pathlib import Path

import pytest

from gates.model import Finding
from gates.report.failures import failed_test
from gates.report.history import MAX_DURATIONS, History
from gates.report.table import line, rows
from gates.runner import save
from tests.gates.support.followed import FAILED, Followed, make_followed
from tests.gates.support.parts.results import VIOLATION, make_result

FAILURE = Finding(
    file="backend/tests/unit/test_greeting.py",
    line=8,
    message="test_greets[long]: AssertionError: assert 'hi' == 'hello'\n  - hello\n  + hi\n"
    "at backend/tests/greet.py:3",
    fix="./noxw -s tests -- 'tests/unit/test_greeting.py::test_greets[long]'",
)


@pytest.fixture
def run(tmp_path: Path) -> Followed:
    return make_followed(tmp_path)


def test_is_waiting_running_or_ended_when_gates_tell_so(run: Followed) -> None:
    progress = run.progress()
    run.write_event("spelling", "started")
    run.write_event("secrets", "started")
    progress.read()
    run.now += 4
    run.end("secrets")
    progress.read()

    states = [(gate.gate, gate.state, gate.seconds(run.now)) for gate in progress.gates]
    assert states == [("spelling", "running", 4.0), ("secrets", "passed", 1.5), ("tests", "waiting", 0.0)]
    assert not progress.complete


def test_reads_a_line_later_when_it_is_not_complete(run: Followed) -> None:
    progress = run.progress()
    run.write_event("spelling", "started")
    (place,) = run.folder.rglob("*.jsonl")
    complete = place.read_text()
    place.write_text(complete[:7])
    progress.read()
    before = progress.gates[0].state
    place.write_text(complete)
    progress.read()

    assert (before, progress.gates[0].state) == ("waiting", "running")


def test_returns_a_finding_once_when_it_is_found(run: Followed) -> None:
    progress = run.progress()
    run.write_event("spelling", "started")
    run.end("spelling", VIOLATION)

    found = progress.read()

    assert [(result.gate, result.rule, result.findings) for result in found] == [
        ("spelling", "R01", [VIOLATION])
    ]
    assert progress.read() == []
    assert progress.unshown(progress.results()[:1]) == []


def test_returns_a_failed_test_once_before_its_gate_ends(run: Followed) -> None:
    progress = run.progress()
    run.test(0, of=2)
    run.write_event("tests", "failed", **FAILED)
    early = progress.read()
    other = Finding(file="backend/tests/unit/test_news.py", message="test_news did not run", fix="let it run")
    shortened = Finding(file=FAILURE.file, line=FAILURE.line, message="shortened", fix=FAILURE.fix)
    run.end("tests", shortened, other)

    assert [result.findings for result in early] == [[FAILURE]]
    assert [result.findings for result in progress.read()] == [[other]]
    assert progress.results()[2].findings == [shortened, other]


def test_keeps_failed_tests_when_their_gate_is_interrupted(run: Followed) -> None:
    progress = run.progress()
    run.test(0, of=2)
    run.write_event("tests", "failed", **FAILED)
    progress.read()
    run.now += 3

    spelling, _, tests = progress.results(interrupted=True)

    assert (spelling.status, spelling.note, spelling.seconds) == ("failed", "did not run", 0.0)
    assert (tests.status, tests.note, tests.seconds) == ("failed", "was interrupted", 3.0)
    assert [finding.message for finding in tests.findings] == [FAILURE.message, "the gate was interrupted"]


def test_shows_no_source_until_secrets_were_looked_for(run: Followed) -> None:
    progress = run.progress()
    run.end("spelling", VIOLATION)
    found = progress.read()
    early = progress.secret_files(found)
    run.end("secrets", Finding(file="key.pem", message="looks like a secret", fix="remove it"))
    progress.read()

    assert (early, progress.secret_files(found)) == ({"README.md"}, {"key.pem"})
    assert run.progress("tests").secret_files(found) == set()


def test_tells_the_time_left_when_the_same_sessions_ran_before(run: Followed) -> None:
    assert run.progress().seconds_left() is None
    History(run.project.reports / "durations.json").add_run(
        {"run lint tests": 60.0, "tests": 50.0}, {"tests": 100}
    )
    progress = run.progress()
    run.test(0, of=100)
    progress.read()
    run.now += 20

    assert progress.seconds_left() == 40.0
    assert progress.gates[2].seconds_left(run.now) == 30.0
    assert progress.gates[0].seconds_left(run.now) is None


def test_estimates_time_left_when_all_gates_of_session_estimate(run: Followed) -> None:
    History(run.project.reports / "durations.json").add_run({"secrets": 9.0, "run lint": 30.0}, {})
    progress = run.progress("lint")
    before = progress.seconds_left()
    run.end("spelling")
    progress.read()

    assert (before, progress.seconds_left()) == (30.0, 9.0)


@pytest.mark.parametrize(
    ("done", "left"), [(25, 90.0), (19, 20.0)], ids=["their own speed", "that of earlier runs"]
)
def test_trusts_the_speed_of_tests_when_a_fifth_is_done(run: Followed, done: int, left: float) -> None:
    """The first tests of a run are slow: each process loads what it needs."""
    History(run.project.reports / "durations.json").add_run({"run lint tests": 50.0, "tests": 50.0}, {})
    progress = run.progress()
    run.write_event("tests", "started")
    progress.read()
    run.test(done, of=100)
    progress.read()
    progress.gates[2].started = run.now
    run.now += 30

    assert progress.gates[2].seconds_left(run.now) == left
    assert progress.seconds_left() == left


def test_expects_what_the_selected_tests_take(run: Followed) -> None:
    """Earlier runs, of other tests, do not count. Gates that wait come after those that run."""
    History(run.project.reports / "durations.json").add_run(
        {"run lint tests": 500.0, "tests": 400.0, "secrets": 5.0}, {"tests": 9000}
    )
    progress = run.progress()
    run.write_event("tests", "started")
    run.write_event("tests", "expected", seconds=20.0)
    progress.read()
    run.now += 8

    assert progress.gates[2].seconds_left(run.now) == 12.0
    assert progress.seconds_left() == 17.0


def test_tells_no_time_when_it_takes_longer_than_usual(run: Followed) -> None:
    History(run.project.reports / "durations.json").add_run({"run lint tests": 9.0, "tests": 8.0}, {})
    progress = run.progress()
    run.test(1, of=1)
    run.write_event("tests", "step", text="saving results")
    progress.read()
    run.now += 10

    assert progress.gates[2].seconds_left(run.now) is None
    assert progress.seconds_left() is None
    assert line(progress).endswith("1 of 1 tests done; running: tests (saving results)")


def test_tells_no_time_when_expected_tests_take_longer(run: Followed) -> None:
    progress = run.progress("tests")
    run.write_event("tests", "started")
    run.write_event("tests", "expected", seconds=2.0)
    progress.read()
    run.now += 3

    assert progress.seconds_left() is None


def test_remembers_no_durations_of_unchanged_gates(run: Followed) -> None:
    progress = run.progress()
    save(run.project, [replace(make_result(gate="secrets", seconds=0.1), is_unchanged=True)])
    run.write_event("secrets", "ended")
    progress.read()
    progress.store_durations()

    assert History(run.project.reports / "durations.json").seconds("secrets") is None


def test_ignores_an_event_that_it_does_not_know(run: Followed) -> None:
    progress = run.progress()
    run.write_event("tests", "started")
    run.write_event("tests", "paused")

    assert progress.read() == []
    assert progress.gates[2].state == "running"


def test_names_no_line_when_pytest_tells_none() -> None:
    finding = failed_test(
        node="tests/test_a.py::test_a",
        file="tests/test_a.py",
        line=None,
        name="test_a",
        message="",
        text="worker crashed",
    )

    assert (finding.line, finding.message) == (1, "test_a: failed")


def test_remembers_durations_and_counts_when_a_run_is_complete(run: Followed) -> None:
    progress = run.progress()
    run.end("spelling", VIOLATION, seconds=2.0)
    run.end("secrets", seconds=3.0)
    run.test(2, of=2)
    run.end("tests", seconds=8.0)
    progress.read()
    run.now += 10
    progress.store_durations()

    history = History(run.project.reports / "durations.json")
    assert [history.seconds(name) for name in ("run lint tests", "secrets", "tests", "spelling")] == [
        10,
        3,
        8,
        None,
    ]
    assert [gate.tests for gate in run.progress().gates] == [0, 0, 2]


def test_remembers_no_run_when_a_gate_has_no_result(run: Followed) -> None:
    progress = run.progress()
    run.end("secrets", seconds=3.0)
    progress.read()
    progress.store_durations()

    history = History(run.project.reports / "durations.json")
    assert (history.seconds("run lint tests"), history.seconds("secrets")) == (None, 3.0)


def test_forgets_old_durations_when_there_are_newer_ones(tmp_path: Path) -> None:
    place = tmp_path / "durations.json"
    for seconds in (1000.0, *[4.0] * MAX_DURATIONS):
        History(place).add_run({"lint": seconds}, {})

    assert History(place).seconds("lint") == 4.0
    assert "1000" not in place.read_text()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"seconds": {"lint": ["x"]}, "tests": {}}', '{"seconds": 1}']
)
def test_knows_nothing_when_its_file_is_broken(tmp_path: Path, content: str) -> None:
    place = tmp_path / "durations.json"
    place.write_text(content)

    history = History(place)

    assert (history.seconds("lint"), history.tests("lint")) == (None, 0)


def test_says_what_runs_in_one_line_when_there_is_a_log(run: Followed) -> None:
    History(run.project.reports / "durations.json").add_run({"run lint tests": 60.0}, {})
    progress = run.progress()
    first = line(progress)
    run.write_event("spelling", "started")
    run.end("secrets", VIOLATION)
    run.test(2, of=100)
    progress.read()
    run.now += 12

    assert first == "0 s: 0 of 3 gates done, about 60 s left; running: no gate yet"
    assert line(progress) == (
        "12 s: 1 of 3 gates done, 1 failed, 2 of 100 tests done, about 48 s left; "
        "running: spelling, tests (unit/test_greeting.py)"
    )


def test_says_that_tests_are_collected_when_none_has_started(run: Followed) -> None:
    progress = run.progress("tests")
    run.write_event("tests", "started")
    run.write_event("tests", "collecting")
    progress.read()

    assert line(progress) == "0 s: 0 of 1 gates done; running: tests (collecting tests)"


def test_folds_ended_and_waiting_sessions_when_terminal_is_low(run: Followed) -> None:
    progress = run.progress()
    run.write_event("spelling", "started")
    run.write_event("secrets", "started")
    progress.read()

    names = [[row.name for row in rows(progress, limit)] for limit in (5, 4, 3, 1)]

    assert names == [
        ["lint", "  spelling", "  secrets", "tests", "  tests"],
        ["lint", "  spelling", "  secrets", "tests"],
        ["lint", "tests"],
        ["lint", "tests"],
    ]
    assert rows(progress, 2)[0].now == "spelling, secrets"
