"""The result of a benchmark: a number, its spread, its target, and the rival's number."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Target:
    """The value that a benchmark has to reach, from below or from above."""

    relation: Literal[">=", "<="]
    value: float

    def is_met_by(self, value: float) -> bool:
        """Whether a measured value reaches the target."""
        return value >= self.value if self.relation == ">=" else value <= self.value

    def __str__(self) -> str:
        return f"{self.relation} {self.value:g}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table.

    `value` is the median of the rounds, `spread` their least and greatest value. `unit` is "ratio" where the
    value is ours divided by a rival's; `floor` is the rival's own median in `floor_unit`.
    """

    name: str
    value: float
    unit: str
    spread: tuple[float, float]
    target: Target | None = None
    floor: float | None = None
    floor_unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        return self.target.is_met_by(self.value) if self.target else None


def measured(
    name: str,
    values: Sequence[float],
    *,
    unit: str,
    target: Target | None = None,
    floor: Sequence[float] = (),
    floor_unit: str = "",
) -> Result:
    """Return the result of some rounds."""
    return Result(
        name=name,
        value=median(values),
        unit=unit,
        spread=(min(values), max(values)),
        target=target,
        floor=median(floor) if floor else None,
        floor_unit=floor_unit,
    )


def ratio(
    name: str, ours: Sequence[float], theirs: Sequence[float], *, target: Target, floor_unit: str
) -> Result:
    """Return our number divided by the rival's, round by round."""
    values = [our / their for our, their in zip(ours, theirs, strict=True)]
    return measured(name, values, unit="ratio", target=target, floor=theirs, floor_unit=floor_unit)


def write(results: Sequence[Result], path: Path) -> None:
    """Write the results as JSON: a list of objects with name, value, unit, target, met, floor and spread."""
    rows = [
        asdict(result) | {"target": str(result.target) if result.target else None, "met": result.met}
        for result in results
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
