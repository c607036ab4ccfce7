"""The results of earlier runs on the same machine, so that a slower change is noticed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""A result as `reports/bench.json` has it."""

LONGEST_HISTORY = 100
"""The number of runs that stay in the history."""


def compare_with_last_run(rows: Sequence[Row], path: Path, *, share: float) -> list[str]:
    """Add the rows to the history in a file. Return a sentence for each that is worse than the last time.

    A row is compared with that of the last run which measured it with the same share of the data.
    """
    history: list[Row] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    before: Row = {}
    for run in history:
        if run["share"] == share:
            before |= {row["name"]: row for row in run["rows"]}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    history.append({"at": now, "share": share, "rows": rows})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(history[-LONGEST_HISTORY:], ensure_ascii=False) + "\n", encoding="utf-8")
    return [
        f"{row['name']}: {row['value']:.3g} {row['unit']}. It was {before[row['name']]['value']:.3g}."
        for row in rows
        if row["name"] in before and is_worse(row, before[row["name"]])
    ]


def is_worse(now: Row, before: Row) -> bool:
    """Return whether a value has changed for the worse by more than the spread of either run."""
    spread = max(highest - lowest for lowest, highest in (now["spread"], before["spread"]))
    change = now["value"] - before["value"]
    lower_is_better = str(now["target"]).startswith("<=")
    return bool((change if lower_is_better else -change) > spread)
