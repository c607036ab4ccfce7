"""Durations and counts of earlier runs in reports/, which predict how long a run takes."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median

MAX_DURATIONS = 5  # of a gate or a run


class History:
    """Durations of gates and runs by name. A file that is missing or broken counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds: dict[str, list[float]] = {}
        self._tests: dict[str, int] = {}
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            self._seconds = {
                str(name): [float(each) for each in found] for name, found in known["seconds"].items()
            }
            self._tests = {str(name): int(count) for name, count in known["tests"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return

    def seconds(self, name: str) -> float | None:
        """Return how long a gate or a run usually takes, None when it never ended."""
        found = self._seconds.get(name)
        return median(found) if found else None

    def tests(self, gate: str) -> int:
        """Return how many tests a gate ran last, 0 for none."""
        return self._tests.get(gate, 0)

    def add_run(self, seconds: Mapping[str, float], tests: Mapping[str, int]) -> None:
        """Add the durations of a run to the file, and replace its counts of tests."""
        for name, duration in seconds.items():
            self._seconds[name] = [*self._seconds.get(name, []), round(duration, 2)][-MAX_DURATIONS:]
        self._tests |= tests
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"seconds": self._seconds, "tests": self._tests}), encoding="utf-8")
