"""The seconds of each test in its last run in this checkout."""

import json
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


def add_durations(project: Project) -> None:
    """Add the durations of the last run to those of earlier runs. Without durations nothing changes."""
    try:
        recorded = json.loads((project.reports / DURATIONS_FILE).read_text(encoding="utf-8"))["tests"]
    except (OSError, ValueError, LookupError):
        return
    file = project.reports / SECONDS_FILE
    seconds = read_seconds(file) | {name: round(pair[0], 2) for name, pair in recorded.items()}
    file.write_text(json.dumps(seconds), encoding="utf-8")
