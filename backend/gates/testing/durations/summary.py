"""A summary for the page of the durations that the plugin recorded."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from statistics import median

from gates.model import Project

DURATIONS_FILE = "test-durations.json"
MAX_ROWS = 20  # tests, and fixtures, that are named


@dataclass(frozen=True)
class Duration:
    """Seconds of `count` tests or set-ups under one name; `is_changed` when the change edits the file."""

    name: str
    seconds: float
    computing: float
    count: int = 1
    median: float = 0.0
    is_changed: bool = False

    @property
    def waiting(self) -> float:
        """Seconds in which the test's process and its children did not compute."""
        return max(self.seconds - self.computing, 0.0)


def summarize(project: Project, changed: Iterable[str]) -> dict[str, list[Duration]]:
    """Return durations by kind of test, of the slowest tests, and of the fixtures that cost most.

    `changed_tests` are the slowest ones in files that the change edits.

    `changed` are paths relative to the root. Raises OSError or ValueError without data of a run.
    """
    recorded = json.loads((project.reports / DURATIONS_FILE).read_text(encoding="utf-8"))
    edited = set(changed)
    tests = [
        Duration(name, seconds, computing, is_changed=f"backend/{name.partition('::')[0]}" in edited)
        for name, (seconds, computing) in recorded["tests"].items()
    ]
    fixtures = [
        Duration(name, seconds, computing, int(count))
        for name, (count, seconds, computing) in recorded["fixtures"].items()
    ]
    return {
        "kinds": _slowest(_kinds(tests)),
        "tests": _slowest(tests)[:MAX_ROWS],
        "changed_tests": _slowest(test for test in tests if test.is_changed)[:MAX_ROWS],
        "fixtures": _slowest(fixtures)[:MAX_ROWS],
    }


def _kinds(tests: Iterable[Duration]) -> list[Duration]:
    """Return one duration for each folder of tests."""
    folders: defaultdict[str, list[Duration]] = defaultdict(list)
    for test in tests:
        file = PurePosixPath(test.name.partition("::")[0])
        folders["/".join(file.parts[:2])].append(test)
    return [
        Duration(
            folder,
            sum(test.seconds for test in members),
            sum(test.computing for test in members),
            len(members),
            median(test.seconds for test in members),
        )
        for folder, members in folders.items()
    ]


def _slowest(durations: Iterable[Duration]) -> list[Duration]:
    return sorted(durations, key=lambda duration: -duration.seconds)
