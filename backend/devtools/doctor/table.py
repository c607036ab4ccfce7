"""The table of the checks: 80 columns, colour on terminals alone."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap

from devtools.doctor.checks import FIX, Row

WIDTH = 80
NAME_COLUMNS, STATE_COLUMNS = 13, 9  # columns
COLOURS = {"ok": "32", "fixed": "32", "wrong": "31", "skipped": "33"}


def text_of(rows: Sequence[Row], *, is_coloured: bool) -> str:
    """Return the table and the sentence below it. Remedies are never broken: they are to be copied."""
    lines = [f"{'check':{NAME_COLUMNS}}{'state':{STATE_COLUMNS}}what was found"]
    lines += [line for row in rows for line in _lines(row, is_coloured=is_coloured)]
    return "\n".join([*lines, "", *wrap(_verdict(rows), WIDTH)])


def is_coloured() -> bool:
    """Whether standard output is a terminal that shows colours, and its user wants them."""
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
    wrong, fixed = states["wrong"], states["fixed"]
    repaired = f"{fixed} repaired. " if fixed else ""
    if not wrong:
        unseen = f" Checks that could not look: {states['skipped']}." if states["skipped"] else ""
        return f"{repaired}All is well.{unseen}"
    safe = sum(row.is_safe for row in rows if row.state == "wrong")
    offer = f" To repair {safe} of them: {FIX}" if safe else ""
    checks = f"{wrong} of {states.total()} checks found something wrong"
    return f"{repaired}{checks}. Type the commands behind the $.{offer}"
