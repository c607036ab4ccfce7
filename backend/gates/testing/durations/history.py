"""The seconds of each test in its last run in this checkout."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from gates.model import Project
from gates.testing.durations.summary import DURATIONS_FILE

SECONDS_FILE = "test-seconds.json"


def read_seconds(file: Path) -> dict[str, float]:
    """Return the seconds by test. A file that is missing or damaged counts as empty."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): float(seconds) for name, seconds in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def expected_seconds(seconds: Mapping[str, float], arguments: Iterable[str], workers: int) -> float:
    """Return how long tests, and all tests of files, take on some workers. Unknown tests count nothing."""
    chosen = {*arguments}
    known = [
        duration
        for name, duration in seconds.items()
        if not chosen.isdisjoint({name, name.partition("::")[0]})
    ]
    return max(sum(known) / max(workers, 1), max(known, default=0.0))


def add_durations(project: Project) -> None:
    """Add the durations of the last run to those of earlier runs. Without durations nothing changes."""
    try:
        recorded = json.loads((project.reports / DURATIONS_FILE).read_text(encoding="utf-8"))["tests"]
    except (OSError, ValueError, LookupError):
        return
    file = project.reports / SECONDS_FILE
    seconds = read_seconds(file) | {name: round(pair[0], 2) for name, pair in recorded.items()}
    file.write_text(json.dumps(seconds), encoding="utf-8")
