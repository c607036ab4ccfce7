"""The table of the checks: 80 columns, with colours on terminals only."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap

from devtools.doctor.checks import FIX, Row

WIDTH = 80
NAME_COLUMNS = 13
STATE_COLUMNS = 9
COLOURS = {"ok": "32", "fixed": "32", "wrong": "31", "skipped": "33"}


def text_of(rows: Sequence[Row], *, is_coloured: bool) -> str:
    """Return the table and its verdict. Remedies are never wrapped, so that they can be copied."""
    lines = [f"{'check':{NAME_COLUMNS}}{'state':{STATE_COLUMNS}}result"]
    lines += [line for row in rows for line in _lines(row, is_coloured=is_coloured)]
    return "\n".join([*lines, "", *wrap(_verdict(rows), WIDTH)])


def is_coloured() -> bool:
    """Return whether standard output is a terminal that shows colours and its user wants them."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _lines(row: Row, *, is_coloured: bool) -> Iterator[str]:
    indent = " " * (NAME_COLUMNS + STATE_COLUMNS)
    first, *others = wrap(row.summary, WIDTH - len(indent)) or [""]
    state = f"{row.state:{STATE_COLUMNS}}"
    if is_coloured:
        state = f"\033[{COLOURS[row.state]}m{state}\033[0m"
    yield f"{row.check:{NAME_COLUMNS}}{state}{first}"
    yield from (f"{indent}{line}" for line in others)
    if row.remedy:
        yield f"{indent}$ {row.remedy}"


def _verdict(rows: Sequence[Row]) -> str:
    states = Counter(row.state for row in rows)
    wrong = states["wrong"]
    fixed = states["fixed"]
    repaired = f"{fixed} repaired. " if fixed else ""
    if not wrong:
        skipped = f" Skipped checks: {states['skipped']}." if states["skipped"] else ""
        return f"{repaired}Everything is in order.{skipped}"
    safe = sum(row.is_safe for row in rows if row.state == "wrong")
    offer = f" To repair {safe} of them, run {FIX}" if safe else ""
    checks = f"{wrong} of {states.total()} checks found a problem"
    return f"{repaired}{checks}. Run the commands after the $.{offer}"
