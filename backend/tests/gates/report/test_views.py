"""The progress of a run on a terminal and in a log."""

import os
import re
import sys
from io import BytesIO, StringIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from gates.report.history import History
from gates.report.progress import RunProgress
from gates.report.table import table
from gates.report.views import LiveView, PlainView, view_for_output
from tests.gates.support.followed import Followed, make_followed
from tests.gates.support.parts.results import VIOLATION, make_result

ALLOWED_SILENCE = 15.0  # seconds
CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


@pytest.fixture
def run(tmp_path: Path) -> Followed:
    return make_followed(tmp_path)


@pytest.fixture
def progress(run: Followed) -> RunProgress:
    """A run in its middle: a gate has failed, one has passed, and the tests run."""
    seconds = {"run lint tests": 900.0, "tests": 800.0}
    History(run.project.reports / "durations.json").add_run(seconds, {"tests": 2512})
    progress = run.progress()
    run.end("spelling", VIOLATION)
    run.end("secrets")
    run.test(1, of=2512)
    progress.read()
    run.now += 42
    return progress


def terminal(file: StringIO | TextIOWrapper, *, legacy_windows: bool = False) -> Console:
    """A terminal of the usual size."""
    return Console(
        file=file,
        width=80,
        height=24,
        force_terminal=True,
        legacy_windows=legacy_windows,
        _environ={"TERM": "xterm-256color"},
    )


def test_shows_sessions_in_80_columns_when_output_is_a_terminal(progress: RunProgress) -> None:
    file = StringIO()

    Console(file=file, width=80).print(table(progress, width=80, height=24))

    assert [text.rstrip() for text in file.getvalue().splitlines()] == [
        "state    gate                       tests  seconds     left  now",
        "failed   lint                                    2           2 of 2 gates done",
        "failed     spelling                              2           1 found",
        "passed     secrets                               2           3 files",
        "running  tests                                  42     ~758  0 of 1 gates done",
        "running    tests                   1/2512       42     ~758  unit/test_greeting.",
        "42 s: 2 of 3 gates done, 1 failed, 1 of 2512 tests done, about 858 s left",
    ]


def test_shows_skipped_and_waiting_sessions_as_such(run: Followed) -> None:
    progress = run.progress()
    for gate in ("spelling", "secrets"):
        run.end(gate, skipped="nothing changed")
    progress.read()
    file = StringIO()

    Console(file=file, width=80).print(table(progress, width=80, height=5))

    assert [text.split()[:2] for text in file.getvalue().splitlines()[1:3]] == [
        ["skipped", "lint"],
        ["waiting", "tests"],
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_wraps_no_line_and_keeps_names_and_states_at_any_width(progress: RunProgress, width: int) -> None:
    file = StringIO()

    Console(file=file, width=width).print(table(progress, width=width, height=24))

    lines = file.getvalue().splitlines()
    assert len(lines) == 7
    assert all(len(text) <= width for text in lines)
    assert [text.split()[:2] for text in lines[1:6]] == [
        ["failed", "lint"],
        ["failed", "spelling"],
        ["passed", "secrets"],
        ["running", "tests"],
        ["running", "tests"],
    ]


def test_draws_the_table_in_place_when_time_goes_on(run: Followed, progress: RunProgress) -> None:
    file = StringIO()
    view = LiveView(terminal(file), run.clock)

    view.update(progress)
    first = len(file.getvalue())
    view.update(progress)
    assert len(file.getvalue()) == first
    run.now += 0.6
    view.update(progress)
    view.close()

    assert "43 s: 2 of 3 gates done" in file.getvalue()[first:]
    assert "\x1b[1A\x1b[2K" in file.getvalue()[first:]
    assert file.getvalue().endswith("\x1b[1A\x1b[2K")


def test_prints_nothing_when_it_ends_before_it_was_drawn(run: Followed) -> None:
    file = StringIO()

    LiveView(terminal(file), run.clock).close()

    assert file.getvalue() == ""


def test_keeps_printed_findings_when_the_table_follows(
    run: Followed, progress: RunProgress, capsys: pytest.CaptureFixture[str]
) -> None:
    file = StringIO()
    view = LiveView(terminal(file), run.clock)
    view.update(progress)

    view.show(run.project, [make_result(VIOLATION)], set())
    before = len(file.getvalue())
    view.update(progress)

    assert capsys.readouterr().out.count("`teh` is not a word") == 1
    assert "\x1b[1A" not in file.getvalue()[before:]


def test_uses_no_colour_when_the_user_wants_none(
    run: Followed, progress: RunProgress, monkeypatch: pytest.MonkeyPatch
) -> None:
    coloured, plain = StringIO(), StringIO()
    LiveView(terminal(coloured), run.clock).update(progress)
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=plain, width=80, height=24, force_terminal=True)
    LiveView(console, run.clock).update(progress)

    assert COLOUR.search(coloured.getvalue())
    assert not COLOUR.search(plain.getvalue())
    assert "running" in plain.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
def test_says_everything_in_the_code_page_of_an_old_terminal(
    run: Followed, progress: RunProgress, encoding: str
) -> None:
    written = BytesIO()
    file = TextIOWrapper(written, encoding=encoding, errors="strict")
    view = LiveView(terminal(file, legacy_windows=True), run.clock)

    view.update(progress)
    view.close()
    file.flush()

    shown = CONTROL.sub("", written.getvalue().decode("ascii"))
    assert "running    tests                   1/2512       42     ~758  unit/test_greeti" in shown


def test_prints_every_15_seconds_when_output_is_not_a_terminal(
    run: Followed, progress: RunProgress, capsys: pytest.CaptureFixture[str]
) -> None:
    view = PlainView(run.clock)
    spoke = []
    for _ in range(600):
        run.now += 0.1
        view.update(progress)
        if capsys.readouterr().out:
            spoke.append(run.now)

    pauses = [later - earlier for earlier, later in pairwise(spoke)]
    assert len(spoke) == 6
    assert max(pauses) < ALLOWED_SILENCE


def test_prints_findings_as_lines_when_output_is_no_terminal(
    run: Followed, capsys: pytest.CaptureFixture[str]
) -> None:
    view = PlainView(run.clock)

    view.show(run.project, [make_result(VIOLATION)], set())
    view.close()

    assert "README.md:3: `teh` is not a word [R01 spelling]" in capsys.readouterr().out


@pytest.mark.parametrize(("term", "view"), [("xterm-256color", LiveView), ("dumb", PlainView)])
def test_draws_a_table_when_output_is_a_terminal_that_can(
    run: Followed, monkeypatch: pytest.MonkeyPatch, term: str, view: type
) -> None:
    monkeypatch.setenv("TERM", term)
    controller, terminal = os.openpty()
    with os.fdopen(controller, "rb"), os.fdopen(terminal, "w") as file:
        monkeypatch.setattr(sys, "stdout", file)

        assert isinstance(view_for_output(run.clock), view)


def test_prints_lines_into_a_pipe_also_when_colours_are_forced(
    run: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert isinstance(view_for_output(run.clock), PlainView)
