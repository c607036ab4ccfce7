"""Cells of a worksheet (ECMA-376 part 1, §18.3.1.4)."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from app.application.export_files import ColumnKind, Row, RowStream
from app.infrastructure.exports.encoders import as_text, local_time
from app.infrastructure.exports.xlsx_parts import DATE_STYLE, HEADER_STYLE

CHARACTERS_PER_CELL = 32_767
LARGEST_NUMBER = 10**15
"""Excel keeps 15 digits of a number."""

TRUNCATED = " … [cut]"

MIN_WIDTH = 8
MAX_WIDTH = 60
TIME_WIDTH = 20
FILTER_BUTTON_WIDTH = 3
"""Widths of columns, in characters."""
SAMPLE_ROWS = 100
"""Rows that decide how wide the columns are."""

_DAY_ZERO = datetime.fromisoformat("1899-12-30")
"""Excel stores a date as days since then, in local time."""
_DAY = timedelta(days=1)

_ESCAPED = re.compile(
    r"""
    [\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]  # not allowed in XML 1.0, or changed by parsers
    | _(?=x[0-9A-Fa-f]{4}_)  # the start of text that looks like an escape
    """,
    re.VERBOSE,
)
"""Characters that are written as escapes (ECMA-376 part 1, §22.4.2.4)."""


class Cells:
    """Writes the rows of a table, each column according to its kind."""

    def __init__(self, table: RowStream, zone: ZoneInfo) -> None:
        times = table.indexes_of(ColumnKind.TIME)
        self._zone = zone
        self._day_zero = _DAY_ZERO.replace(tzinfo=zone)
        self._writers: list[Callable[[object], str]] = [
            self._time_cell if place in times else _cell for place in range(len(table.columns))
        ]

    def of(self, row: Row) -> str:
        return "".join([write(value) for write, value in zip(self._writers, row, strict=True)])

    def _time_cell(self, value: object) -> str:
        """Write the days since day zero in local time. The difference of two times of one zone ignores
        daylight saving, as Excel does."""
        if value is None:
            return "<c/>"
        days = (local_time(value, self._zone) - self._day_zero) / _DAY
        return f'<c s="{DATE_STYLE}"><v>{days:.9f}</v></c>'


def header_cell(name: str) -> str:
    written = f'<is><t xml:space="preserve">{_escaped(name)}</t></is>'
    return f'<c s="{HEADER_STYLE}" t="inlineStr">{written}</c>'


def widths(table: RowStream, rows: Sequence[Row]) -> list[int]:
    """Return the width of each column in characters, from its header and the first rows."""
    found = [len(name) + FILTER_BUTTON_WIDTH for name in table.columns]
    for row in rows[:SAMPLE_ROWS]:
        found = [max(width, len(as_text(value))) for width, value in zip(found, row, strict=True)]
    for place in table.indexes_of(ColumnKind.TIME):
        found[place] = TIME_WIDTH
    return [min(max(width, MIN_WIDTH), MAX_WIDTH) for width in found]


def _cell(value: object) -> str:
    if type(value) is str:
        return _text_cell(value)
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    if isinstance(value, int) and abs(value) < LARGEST_NUMBER:
        return f"<c><v>{value}</v></c>"
    return _text_cell(as_text(value))


def _text_cell(text: str) -> str:
    if not text:
        return "<c/>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{_escaped(text)}</t></is></c>'


def _escaped(text: str) -> str:
    if len(text) * 2 > CHARACTERS_PER_CELL:
        text = _truncate(text)
    if "_x" in text or not text.isprintable():
        text = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return escape(text, quote=False)


def _truncate(text: str) -> str:
    """Truncate a text to Excel's limit, which counts UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * CHARACTERS_PER_CELL:
        return text
    return units[: 2 * (CHARACTERS_PER_CELL - len(TRUNCATED))].decode("utf-16-le", "ignore") + TRUNCATED
