"""File formats of the exports, built piece by piece."""

import csv
import json
import re
from collections.abc import AsyncGenerator
from datetime import datetime
from io import StringIO

from app.application.exports import Rows

PIECE = 16_384
"""Characters that are gathered before they are sent."""

_FORMULA = re.compile(r"[=+\-@\t\r\n\x00\uFF1D\uFF0B\uFF0D\uFF20]")


class CsvEncoder:
    """RFC 4180, UTF-8, CRLF.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP ASVS 5.0
    1.2.10), full-width forms included, since some spreadsheets fold them. JSON is the lossless form.
    """

    media_type = "text/csv; charset=utf-8; header=present"

    async def encode(self, table: Rows) -> AsyncGenerator[bytes]:
        buffer = StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow(defuse(column) for column in table.columns)
        async for batch in table.batches:
            for row in batch:
                writer.writerow([defuse(as_text(value)) for value in row])
                if buffer.tell() >= PIECE:
                    yield _drain(buffer)
        yield _drain(buffer)


class JsonEncoder:
    """An array of objects, which lacks its closing bracket when the export was cut short."""

    media_type = "application/json"

    async def encode(self, table: Rows) -> AsyncGenerator[bytes]:
        buffer = StringIO()
        separator = "["
        async for batch in table.batches:
            for row in batch:
                item = dict(zip(table.columns, map(_plain, row), strict=True))
                buffer.write(separator + json.dumps(item, ensure_ascii=False))
                separator = ",\n"
                if buffer.tell() >= PIECE:
                    yield _drain(buffer)
        buffer.write("]\n" if separator != "[" else "[]\n")
        yield _drain(buffer)


def defuse(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _plain(value: object) -> str | bool | int | None:
    if value is None or isinstance(value, bool | int):
        return value
    return as_text(value)


def as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _drain(buffer: StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece
