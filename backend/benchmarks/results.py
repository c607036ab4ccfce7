"""The result of a benchmark: a number, its spread, its target, and the baseline's number."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Target:
    """The lowest or highest value that a benchmark may have."""

    relation: Literal[">=", "<="]
    value: float

    def is_met_by(self, value: float) -> bool:
        """Return whether a value reaches the target."""
        return value >= self.value if self.relation == ">=" else value <= self.value

    def __str__(self) -> str:
        return f"{self.relation} {self.value:g}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table.

    `value` is the median of the rounds, `spread` their lowest and highest value. `unit` is "ratio" if the
    values are the application's divided by a baseline's; `baseline` is its median in `baseline_unit`.
    """

    name: str
    value: float
    unit: str
    spread: tuple[float, float]
    target: Target | None = None
    baseline: float | None = None
    baseline_unit: str = ""

    @property
    def met(self) -> bool | None:
        """True when the value reaches the target. None without a target."""
        return self.target.is_met_by(self.value) if self.target else None


def measured(
    name: str,
    values: Sequence[float],
    *,
    unit: str,
    target: Target | None = None,
    baseline: Sequence[float] = (),
    baseline_unit: str = "",
) -> Result:
    """Return the result of the rounds with these values."""
    return Result(
        name=name,
        value=median(values),
        unit=unit,
        spread=(min(values), max(values)),
        target=target,
        baseline=median(baseline) if baseline else None,
        baseline_unit=baseline_unit,
    )


def ratio(
    name: str, ours: Sequence[float], baseline: Sequence[float], *, target: Target, baseline_unit: str
) -> Result:
    """Return the result of our values divided by the baseline's, round by round."""
    values = [our / their for our, their in zip(ours, baseline, strict=True)]
    return measured(name, values, unit="ratio", target=target, baseline=baseline, baseline_unit=baseline_unit)


def write(results: Sequence[Result], path: Path) -> None:
    """Write the results as JSON: a list of objects with name, value, unit, target, met, floor and spread."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [as_row(result) for result in results]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def as_row(result: Result) -> dict[str, object]:
    """Return the fields of a result for JSON. `floor` is the baseline's median."""
    return {
        "name": result.name,
        "value": result.value,
        "unit": result.unit,
        "target": str(result.target) if result.target else None,
        "met": result.met,
        "floor": result.baseline,
        "floor_unit": result.baseline_unit,
        "spread": result.spread,
    }
