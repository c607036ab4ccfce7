"""Events of a running gate: lines of JSON in a file of the gate's own.

A file has one writer at a time: the thread that runs the gate, or pytest while that thread waits for it. So
neither threads nor processes need a lock.
"""

import json
from pathlib import Path
from typing import Any

from gates.model import Project

FOLDER_VARIABLE = "PAU2_FINDINGS_FOLDER"
"""The variable that names the folder for the events of a followed session, which prints nothing itself."""

Event = dict[str, Any]
"""`event` is its kind; the other keys are its details."""


def events_file(folder: Path, session: str, gate: str) -> Path:
    """Return where a gate of a session writes its events."""
    return folder / session / f"{gate}.jsonl"


def log_file(project: Project, gate: str) -> Path:
    """Return where pytest prints when it runs for a followed gate."""
    return project.reports / "logs" / f"{gate}.log"


def write_event(events: Path, event: str, **details: object) -> None:
    """Append an event."""
    events.parent.mkdir(parents=True, exist_ok=True)
    with events.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event, **details}) + "\n")


class EventReader:
    """Reads a file that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Event]:
        """Return the events that were completed since the last call; none while there is no file."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            complete, newline, _unfinished = file.read().rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        return [json.loads(line) for line in complete.splitlines()]
