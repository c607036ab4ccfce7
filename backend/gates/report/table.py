"""A run's progress as text: a table for a terminal, a line for a log."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import NamedTuple

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from gates.report.progress import GateProgress, RunProgress
from gates.report.snippet import escape_control_characters

STATUS_STYLE = {
    "passed": "green",
    "failed": "bold red",
    "skipped": "yellow",
    "running": "bold",
    "waiting": "dim",
}
FOLDED_FIRST = ("passed", "skipped", "waiting", "failed", "running")
"""States of sessions whose gates get no rows of their own when the terminal is too low, in this order."""
OUTSIDE = 3  # rows of a terminal that the table needs for its header, the line below it and the cursor
LAST = "now"
WIDTHS = {"state": 7, "gate": 21, "tests": 9, "seconds": 7, "left": 7, LAST: 10}
"""The columns in characters. The last one gets the rest of the width."""
JUSTIFIED: dict[str, JustifyMethod] = {
    "state": "left",
    "gate": "left",
    "tests": "right",
    "seconds": "right",
    "left": "right",
    LAST: "left",
}
GAP = 2


class Row(NamedTuple):
    """A session or one of its gates, in words. Only sessions are at the left edge."""

    state: str
    name: str
    tests: str
    seconds: str
    left: str
    now: str


def table(progress: RunProgress, *, width: int, height: int) -> RenderableType:
    """Return the table of sessions and gates, limited to a number of columns and rows.

    On a narrow terminal the last columns are left out: names and states are always whole.
    """
    shown = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    room = width
    for name, least in WIDTHS.items():
        if room < least:
            break
        taken = room if name == LAST else least
        shown.add_column(name, width=taken, no_wrap=True, overflow="crop", justify=JUSTIFIED[name])
        room -= taken + GAP
    for row in rows(progress, height - OUTSIDE):
        state = Text(row.state, STATUS_STYLE[row.state])
        cells = [Text(escape_control_characters(cell)) for cell in row[1:]]
        shown.add_row(state, *cells[: len(shown.columns) - 1])
    return Group(shown, Text(_summary(progress), no_wrap=True, overflow="crop"))


def line(progress: RunProgress) -> str:
    """Return the line of a log about the current state of the run."""
    running = ", ".join(_named(gate) for gate in progress.gates if gate.state == "running")
    return escape_control_characters(f"{_summary(progress)}; running: {running or 'no gate yet'}")


def rows(progress: RunProgress, limit: int) -> list[Row]:
    """Return the rows of sessions and gates. Sessions fold until there are no more rows than the limit."""
    sessions = {name: [*gates] for name, gates in groupby(progress.gates, lambda gate: gate.session)}
    folding = sorted(sessions, key=lambda name: FOLDED_FIRST.index(_state(sessions[name])))
    count = len(sessions) + len(progress.gates)
    folded: set[str] = set()
    for name in folding:
        if count > limit:
            folded.add(name)
            count -= len(sessions[name])
    found = []
    for name, gates in sessions.items():
        found.append(_session_row(progress, name, gates, folded=name in folded))
        if name not in folded:
            found += _gate_rows(progress, gates)
    return found


def _session_row(progress: RunProgress, name: str, gates: Sequence[GateProgress], *, folded: bool) -> Row:
    now = progress.clock()
    running = [gate.gate for gate in gates if gate.state == "running"]
    ended = sum(gate.result is not None for gate in gates)
    doing = ", ".join(running) if folded and running else f"{ended} of {len(gates)} gates done"
    seconds = max(gate.seconds(now) for gate in gates)
    left = [gate.seconds_left(now) for gate in gates]
    known = [each for each in left if each is not None]
    return Row(_state(gates), name, "", _whole(seconds), _about(max(known, default=None)), doing)


def _gate_rows(progress: RunProgress, gates: Sequence[GateProgress]) -> Iterator[Row]:
    now = progress.clock()
    for gate in gates:
        tests = f"{gate.done}/{gate.tests}" if gate.tests else ""
        doing = _short(gate.testing) if gate.state == "running" else ""
        if gate.result:
            doing = f"{len(gate.result.findings)} found" if gate.result.findings else gate.result.note
        seconds = _whole(gate.seconds(now))
        left = _about(gate.seconds_left(now))
        yield Row(gate.state, f"  {gate.gate}", tests, seconds, left, doing)


def _state(gates: Sequence[GateProgress]) -> str:
    """Return the state of a session: failed as soon as one gate is, passed or skipped once all are."""
    states = {gate.state for gate in gates}
    if "failed" in states:
        return "failed"
    if states & {"running", "waiting"}:
        return "waiting" if states == {"waiting"} else "running"
    return "skipped" if states == {"skipped"} else "passed"


def _summary(progress: RunProgress) -> str:
    ended = sum(gate.result is not None for gate in progress.gates)
    parts = [f"{progress.seconds:.0f} s: {ended} of {len(progress.gates)} gates done"]
    failed = sum(gate.state == "failed" for gate in progress.gates)
    if failed:
        parts.append(f"{failed} failed")
    done = sum(gate.done for gate in progress.gates)
    if done:
        tests = sum(gate.tests for gate in progress.gates)
        parts.append(f"{done} of {tests} tests done")
    left = progress.seconds_left()
    if left is not None and ended < len(progress.gates):
        parts.append(f"about {max(ceil(left), 1)} s left")
    return ", ".join(parts)


def _named(gate: GateProgress) -> str:
    return f"{gate.gate} ({_short(gate.testing)})" if gate.testing else gate.gate


def _short(test: str) -> str:
    """Return the file of a test, below the folder of all tests."""
    return test.partition("::")[0].removeprefix("tests/")


def _whole(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds else ""


def _about(seconds: float | None) -> str:
    return f"~{ceil(seconds)}" if seconds else ""
