"""The state of a run, read from the events of its gates."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gates.model import Finding, Project
from gates.report.events import Event, EventReader, events_file
from gates.report.failures import failed_test
from gates.report.history import History
from gates.report.terminal import secret_files
from gates.runner import Result, load, missing

MIN_SHARE_FOR_SPEED = 0.2  # of the tests, from which on their speed predicts better than earlier runs

Clock = Callable[[], float]
Shown = tuple[str, int, str]
"""A finding's place and fix: they name a failed test, however its message was shortened."""


@dataclass
class GateProgress:
    """A gate of the run. `started` is a time of the run's clock; `tests` is 0 while it is unknown.

    `is_expected` means that `usual_seconds` comes from the tests that the gate has chosen, and not from
    earlier runs of other tests. `testing` is the test that runs, or another step in words.
    """

    gate: str
    session: str
    reader: EventReader
    tests: int = 0
    usual_seconds: float | None = None
    is_expected: bool = False
    done: int = 0
    testing: str = ""
    started: float | None = None
    found: list[Finding] = field(default_factory=list)
    result: Result | None = None
    shown: set[Shown] = field(default_factory=set)

    @property
    def state(self) -> str:
        """The gate's state in one word."""
        if self.result:
            return self.result.status
        return "waiting" if self.started is None else "running"

    def seconds(self, now: float) -> float:
        """Return how long the gate has run."""
        if self.result:
            return self.result.seconds
        return 0.0 if self.started is None else now - self.started

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds that the gate will still run, None when it is unknown or longer than usual."""
        if self.result:
            return 0.0
        spent = self.seconds(now)
        usual = None
        if self.usual_seconds is not None and spent < self.usual_seconds:
            usual = self.usual_seconds - spent
        if self.is_expected and usual is not None:
            return usual
        if MIN_SHARE_FOR_SPEED * self.tests <= self.done < self.tests:
            return spent * (self.tests - self.done) / self.done
        return usual

    def new(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings that this method did not return before."""
        fresh = [finding for finding in findings if _key(finding) not in self.shown]
        self.shown |= {_key(finding) for finding in fresh}
        return fresh


class RunProgress:
    """All gates of some sessions, in the rule book's order. `clock` returns seconds."""

    def __init__(
        self, project: Project, sessions: Sequence[str], folder: Path, clock: Clock = time.monotonic
    ) -> None:
        self._project = project
        self.clock = clock
        self.sessions = sessions
        self.started = clock()
        self._history = History(project.reports / "durations.json")
        self._name = " ".join(["run", *sessions])
        self.gates = [
            GateProgress(
                gate=gate,
                session=session,
                reader=EventReader(events_file(folder, session, gate)),
                tests=self._history.tests(gate),
                usual_seconds=self._history.seconds(gate),
            )
            for session in sessions
            for gate in project.rulebook["sessions"][session]
        ]

    @property
    def seconds(self) -> float:
        """The seconds that the run has taken."""
        return self.clock() - self.started

    @property
    def complete(self) -> bool:
        """True when every gate has a result."""
        return all(gate.result for gate in self.gates)

    def seconds_left(self) -> float | None:
        """Return the seconds that the run will still take, None when they are unknown.

        Gates of one session run side by side, so the longest one counts. Sessions wait for each other, so an
        earlier run of the same sessions counts, unless the tests to run are known.
        """
        now = self.clock()
        left = [gate.seconds_left(now) for gate in self.gates]
        known = [seconds for seconds in left if seconds is not None]
        if len(self.sessions) == 1 and len(known) == len(left):
            return max(known)
        if any(gate.is_expected for gate in self.gates):
            return self._seconds_left_of_gates(now)
        usual = self._history.seconds(self._name)
        if usual is None:
            return None
        return (
            max([usual - self.seconds, *known])
            if self.seconds < usual
            else max(filter(None, known), default=None)
        )

    def _seconds_left_of_gates(self, now: float) -> float | None:
        """Return the longest time of a running gate, and after that of a waiting one; None without any."""
        longest = []
        for state in ("running", "waiting"):
            left = [gate.seconds_left(now) for gate in self.gates if gate.state == state]
            longest.append(max(filter(None, left), default=0.0))
        return sum(longest) or None

    def read(self) -> list[Result]:
        """Read the events since the last call; return each new finding, in a failed result of its gate."""
        return [
            result
            for gate in self.gates
            for event in gate.reader.read()
            for result in self._take(gate, event)
        ]

    def results(self, *, interrupted: bool = False) -> list[Result]:
        """Return a result for each gate. An unfinished gate has failed, with its findings so far."""
        why = "was interrupted" if interrupted else "did not end"
        return [gate.result or self._unfinished(gate, why) for gate in self.gates]

    def ended_results(self) -> list[Result]:
        """Return the results of the gates that ended."""
        return [gate.result for gate in self.gates if gate.result]

    def unshown(self, results: Sequence[Result]) -> list[Result]:
        """Return the results with a finding that was not returned before, with those findings alone."""
        gates = {gate.gate: gate for gate in self.gates}
        fresh = [replace(result, findings=gates[result.gate].new(result.findings)) for result in results]
        return [result for result in fresh if result.findings]

    def secret_files(self, results: Sequence[Result]) -> set[str]:
        """Return the files of which no line may be shown: any of them until the gate `secrets` has ended."""
        looked = [gate.result for gate in self.gates if gate.gate == "secrets"]
        if None in looked:
            return {finding.file for result in results for finding in result.findings}
        return secret_files([result for result in looked if result])

    def store_durations(self) -> None:
        """Keep the durations for the estimates of later runs."""
        passed = [gate for gate in self.gates if gate.result and gate.result.status == "passed"]
        seconds = {
            gate.gate: gate.seconds(0) for gate in passed if gate.result and not gate.result.is_unchanged
        }
        if self.complete:
            seconds[self._name] = self.seconds
        self._history.add_run(seconds, {gate.gate: gate.done for gate in passed if gate.done})

    def _take(self, gate: GateProgress, event: Event) -> list[Result]:
        match event.pop("event"):
            case "started":
                gate.started = self.clock()
            case "collecting":
                gate.testing = "collecting tests"
            case "collected":
                gate.tests = event["tests"]
            case "testing":
                gate.testing = event["test"]
            case "step":
                gate.testing = event["text"]
            case "expected":
                gate.usual_seconds = gate.seconds(self.clock()) + event["seconds"]
                gate.is_expected = True
            case "tested":
                gate.done += 1
            case "failed":
                gate.found.append(failed_test(**event))
                failed = self._unfinished(gate, "did not end")
                return self.unshown([replace(failed, findings=gate.found)])
            case "ended":
                gate.result = load(self._project, gate.session, gate.gate)
                return self.unshown([gate.result])
        return []

    def _unfinished(self, gate: GateProgress, why: str) -> Result:
        if gate.started is None:
            return missing(self._project, gate.session, gate.gate, "did not run")
        unfinished = missing(self._project, gate.session, gate.gate, why)
        findings = [*gate.found, *unfinished.findings]
        return replace(unfinished, findings=findings, seconds=round(gate.seconds(self.clock()), 2))


def _key(finding: Finding) -> Shown:
    return finding.file, finding.line, finding.fix
