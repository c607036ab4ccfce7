"""File formats of the exports, built piece by piece."""

import csv
import json
from collections.abc import AsyncGenerator
from datetime import datetime
from io import StringIO

from app.application.exports import Row, Rows

PIECE = 65_536
"""Characters that are gathered before they are sent: sending costs as much as a hundred rows."""

_FORMULA = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")


class CsvEncoder:
    """RFC 4180, UTF-8, CRLF.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP ASVS 5.0
    1.2.10), full-width forms included, since some spreadsheets fold them. JSON is the lossless form.
    """

    media_type = "text/csv; charset=utf-8; header=present"

    async def encode(self, table: Rows) -> AsyncGenerator[bytes]:
        buffer = StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow(defused(table.columns))
        async for batch in table.batches:
            for row in batch:
                writer.writerow(defused(row))
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
                buffer.write(separator + _JSON.encode(dict(zip(table.columns, row, strict=True))))
                separator = ",\n"
                if buffer.tell() >= PIECE:
                    yield _drain(buffer)
        buffer.write("]\n" if separator != "[" else "[]\n")
        yield _drain(buffer)


def defused(row: Row) -> list[str]:
    texts = [value if type(value) is str else as_text(value) for value in row]
    return [f"'{text}" if text[:1] in _FORMULA else text for text in texts]


def as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)


_JSON = json.JSONEncoder(ensure_ascii=False, default=as_text)


def _drain(buffer: StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece
