"""The last benchmarks and faults, as their sessions left them in reports/."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gates.model import Project

CHART_PX = (560, 220)  # width, height
MARGIN_PX = 44
LARGE = 100  # from here on digits after the point say nothing
BENCHMARK_KEYS = ("name", "value", "unit", "target", "met", "floor", "floor_unit", "spread")
FAULT_KEYS = ("name", "recovery", "promised", "answers", "slowest", "broken", "not_tried", "kept")
"""The keys that the page shows. A report without one of them is of another version and is left out."""
NUMBER = re.compile(r"\b\d[\d,]*\b")


class Point(NamedTuple):
    """A measured value at a number of rows or processes, and its place in the chart, in pixels."""

    number: int
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Chart:
    """Values of benchmarks whose names differ in only one number."""

    title: str
    unit: str
    points: Sequence[Point]

    @property
    def path(self) -> str:
        """The line through the points, for SVG."""
        return " ".join(f"{point.x:.0f},{point.y:.0f}" for point in self.points)


def benchmarks(project: Project) -> dict[str, Any]:
    """Return the rows of the last benchmarks, and charts of those that were measured at several numbers."""
    rows = _rows(project, "bench.json", BENCHMARK_KEYS)
    series: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        number = NUMBER.search(row["name"])
        if number:
            title = NUMBER.sub("n", row["name"], count=1)
            series.setdefault((title, row["unit"]), {})[int(number[0].replace(",", ""))] = row["value"]
    charts = [chart(title, unit, values) for (title, unit), values in series.items() if len(values) > 1]
    return {"rows": rows, "charts": charts}


def chart(title: str, unit: str, values: dict[int, float]) -> Chart:
    """Return a chart of values by number; both axes start at zero."""
    width, height = CHART_PX
    widest = max(values)
    highest = max(values.values()) or 1
    points = [
        Point(
            number,
            value,
            MARGIN_PX + (width - 2 * MARGIN_PX) * number / widest,
            height - MARGIN_PX - (height - 2 * MARGIN_PX) * value / highest,
        )
        for number, value in sorted(values.items())
    ]
    return Chart(title, unit, points)


def faults(project: Project) -> list[dict[str, Any]]:
    """Return a row for each fault of the last `./noxw -s faults`; `others` are the answers but 2xx."""
    rows = _rows(project, "faults.json", FAULT_KEYS)
    for row in rows:
        row["others"] = {
            status: count for status, count in sorted(row["answers"].items()) if status[0] != "2"
        }
    return rows


def _rows(project: Project, name: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return these keys of each row of a report. Raises OSError, ValueError, LookupError or TypeError."""
    rows = json.loads((project.reports / name).read_text(encoding="utf-8"))
    return [{key: row[key] for key in keys} for row in rows]


def short_number(value: float) -> str:
    """Return a number with three digits, or with all its digits before the point."""
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.3g}"
