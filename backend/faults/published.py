"""The table of results in docs/faults.md, from the last run's report."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"(?<=<!-- results -->\n).*(?=<!-- /results -->)", re.DOTALL)
HEADING = "| fault | promises | recovery | promised writes | slowest answer |\n|---|---|---|---|---|\n"


def publish(report: Path, page: Path) -> None:
    """Replace the table between the page's marks. Raises OSError if there is no report."""
    rows = json.loads(report.read_text(encoding="utf-8"))
    day = datetime.fromtimestamp(report.stat().st_mtime, UTC).date()
    kept = sum(row["kept"] and not row["not_tried"] for row in rows)
    summary = f"On {day}, the service kept all promises after {kept} of {len(rows)} faults."
    table = f"{summary}\n\n{HEADING}{''.join(map(_line, rows))}"
    content = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(lambda _: table, content), encoding="utf-8")


def _line(row: dict[str, Any]) -> str:
    """Return the line of a fault."""
    verdict = row["not_tried"] or ("kept" if row["kept"] else "broken")
    recovery = "" if row["recovery"] is None else f"{row['recovery']:.1f} s"
    return f"| `{row['name']}` | {verdict} | {recovery} | {row['promised']} | {row['slowest']:.1f} s |\n"
