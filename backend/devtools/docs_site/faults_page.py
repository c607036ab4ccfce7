"""The page about faults, with the results of the last run on this machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HEAD = """
## Last run

The recovery runs from the end of the fault until both API processes answer again, in seconds.

| fault | promises | recovery |
|---|---|---|
"""


def faults_page(text: str, report: Path) -> str:
    """Return the page's text; below it the results that `./noxw -s faults` left in `report`, if any."""
    if not report.exists():
        return text
    results = json.loads(report.read_text(encoding="utf-8"))
    return f"{text}{HEAD}{''.join(map(_row, results))}"


def _row(result: Mapping[str, Any]) -> str:
    promises = "kept" if result["kept"] else "; ".join(result["broken"])
    recovery = "" if result["recovery"] is None else f"{result['recovery']:.1f}"
    return f"| `{result['name']}` | {result['not_tried'] or promises} | {recovery} |\n"
