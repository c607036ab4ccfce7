"""A run that is followed: a project with three gates, their events, and a clock that a test moves."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from gates.model import Finding, Project
from gates.report.events import events_file
from gates.report.progress import RunProgress
from gates.runner import save
from tests.gates.support.parts.results import RESULTS, make_result
from tests.gates.support.sample_project import Part, SampleProject

THREE_GATES = Part(
    rules="""[default]
sessions = ["lint", "tests"]
[sessions]
lint = ["spelling", "secrets"]
tests = ["tests"]
[rules.R01]
summary = "Words are spelled."
gates = ["spelling"]
[rules.R12]
summary = "Tests pass."
gates = ["tests"]
[rules.R15]
summary = "No secrets."
gates = ["secrets"]
""",
)
SESSIONS = ["lint", "tests"]
GREETS = "tests/unit/test_greeting.py::test_greets[long]"
FAILED = {
    "node": GREETS,
    "file": "tests/unit/test_greeting.py",
    "line": 6,
    "name": "test_greets[long]",
    "message": "AssertionError: assert 'hi' == 'hello'\n  - hello\n  + hi",
    "text": ">   check()\n\ntests/unit/test_greeting.py:8: \ntests/greet.py:3: AssertionError",
}


@dataclass
class Followed:
    """The project, the folder of its events, and the time in seconds."""

    project: Project
    folder: Path
    now: float = 100.0

    def clock(self) -> float:
        """Return the time as it is for this run."""
        return self.now

    def progress(self, *sessions: str) -> RunProgress:
        """Start to follow sessions, all of them unless some are named."""
        return RunProgress(self.project, sessions or SESSIONS, self.folder, self.clock)

    def write_event(self, gate: str, event: str, **details: object) -> None:
        """Write an event of a gate."""
        place = events_file(self.folder, "tests" if gate == "tests" else "lint", gate)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **details}) + "\n")

    def end(self, gate: str, *findings: Finding, seconds: float = 1.5, skipped: str = "") -> None:
        """Save a gate's result as its session does."""
        result = make_result(*findings, gate=gate, note=skipped or "3 files", seconds=seconds)
        save(self.project, [replace(result, status="skipped") if skipped else result])
        self.write_event(gate, "ended")

    def test(self, count: int, *, of: int) -> None:
        """Tell that the gate `tests` runs, and has run some of its tests."""
        self.write_event("tests", "started")
        self.write_event("tests", "collected", tests=of)
        for _ in range(count):
            self.write_event("tests", "testing", test=GREETS)
            self.write_event("tests", "tested")


def make_followed(root: Path) -> Followed:
    """Make the project of three gates."""
    sample = SampleProject.build(root / "project", RESULTS, THREE_GATES, repository=False)
    return Followed(sample.project, root / "events")
