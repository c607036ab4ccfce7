"""The result of a fault: the responses to clients, the recovery time, and the broken promises."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """One row of the table. Times are in seconds; `recovery` runs from the end of the fault."""

    name: str
    recovery: float | None = None
    promised: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    slowest: float = 0
    broken: list[str] = field(default_factory=list)
    not_tried: str = ""
    """Why the fault could not be made on this machine."""

    @property
    def kept(self) -> bool:
        """True when all promises were kept."""
        return not self.broken

    @property
    def summary(self) -> str:
        """The name and the verdict in a few words."""
        if self.not_tried:
            return f"{self.name} was not tried: {self.not_tried}"
        return f"{self.name} {'kept all promises' if self.kept else f'broke {len(self.broken)} promises'}"


def write(results: Sequence[Result], path: Path) -> None:
    """Write the results as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(result) | {"kept": result.kept} for result in results]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show(results: Sequence[Result], console: Console) -> None:
    """Print one line a fault, and the broken promises below the table."""
    table = Table(box=None, pad_edge=False)
    for title in ("fault", "kept", "recovery", "2xx writes", "slowest", "other answers"):
        table.add_column(title, justify="left" if title in {"fault", "other answers"} else "right")
    for result in results:
        if result.not_tried:
            table.add_row(result.name, "-", "", "", "", f"not tried: {result.not_tried}")
            continue
        others = {status: count for status, count in sorted(result.answers.items()) if status[0] != "2"}
        table.add_row(
            result.name,
            "yes" if result.kept else "no",
            "" if result.recovery is None else f"{result.recovery:.1f} s",
            str(result.promised),
            f"{result.slowest:.1f} s",
            ", ".join(f"{count} x {status}" for status, count in others.items()),
        )
    console.print(table)
    for result in results:
        for promise in result.broken:
            console.print(escape(f"{result.name}: {promise}"), style="red")
