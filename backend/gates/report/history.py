"""Durations and counts of earlier runs, kept in reports/: they tell how long a run is going to take."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median

KEPT = 5  # durations of a gate or a run


class History:
    """What is known of gates and runs by name. A file that is missing or broken knows nothing."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._seconds: dict[str, list[float]] = {}
        self._tests: dict[str, int] = {}
        try:
            known = json.loads(place.read_text(encoding="utf-8"))
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

    def remember(self, seconds: Mapping[str, float], tests: Mapping[str, int]) -> None:
        """Add the durations of a run to the file, and replace its counts of tests."""
        for name, duration in seconds.items():
            self._seconds[name] = [*self._seconds.get(name, []), round(duration, 2)][-KEPT:]
        self._tests |= tests
        self._place.parent.mkdir(parents=True, exist_ok=True)
        self._place.write_text(json.dumps({"seconds": self._seconds, "tests": self._tests}), encoding="utf-8")
