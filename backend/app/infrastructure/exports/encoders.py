"""Encoders of exports, which write a file in chunks."""

import csv
import json
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from app.application.export_files import E164, FORMULA_CHARACTERS, ColumnKind, Row, RowStream

CHUNK_SIZE = 65_536
"""Characters of a chunk. Sending one takes as long as encoding a hundred rows."""

_FORMULA = frozenset(FORMULA_CHARACTERS)
_E164 = re.compile(E164)


class CsvEncoder:
    """RFC 4180, UTF-8, CRLF.

    A cell that a spreadsheet would read as a formula gets a leading apostrophe (OWASP ASVS 5.0 1.2.10).
    Full-width characters count too, since some spreadsheets fold them; columns of phone numbers are exempt.
    JSON is the lossless format.
    """

    media_type = "text/csv; charset=utf-8; header=present"
    delimiter = ","
    begin = ""

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        buffer = StringIO(newline="")
        buffer.write(self.begin)
        writer = csv.writer(buffer, delimiter=self.delimiter)
        writer.writerow(escape_formulas(table.columns))
        if table.csv_chunks is not None and self.delimiter == CsvEncoder.delimiter:
            async with aclosing(table.csv_chunks) as chunks:
                yield _drain(buffer) + await anext(chunks)
                async for chunk in chunks:
                    yield chunk
            return
        phones = table.indexes_of(ColumnKind.PHONE)
        async for batch in table.batches:
            for row in self.shown(batch, table):
                writer.writerow(escape_formulas(row, phones))
                if buffer.tell() >= CHUNK_SIZE:
                    yield _drain(buffer)
        yield _drain(buffer)

    def shown(self, batch: Sequence[Row], _table: RowStream) -> Iterable[Row]:
        """Return the rows as people read them."""
        return batch


class ExcelCsvEncoder(CsvEncoder):
    """CSV that Excel opens correctly (columns, accents, dates) where the decimal mark is a comma.

    It has a byte order mark, semicolons as separators, and local times of the association to the second,
    without a zone; Booleans are yes and no.
    """

    delimiter = ";"
    begin = "\ufeff"

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def shown(self, batch: Sequence[Row], table: RowStream) -> Iterable[Row]:
        times = table.indexes_of(ColumnKind.TIME)
        for row in batch:
            yield [self._cell(value, is_time=place in times) for place, value in enumerate(row)]

    def _cell(self, value: object, *, is_time: bool) -> object:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if is_time and value is not None:
            return local_time(value, self._zone).replace(tzinfo=None).isoformat(" ", "seconds")
        return value


class JsonEncoder:
    """An array of objects. It lacks the closing bracket when the export was truncated."""

    media_type = "application/json"

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        buffer = StringIO()
        separator = "["
        async for batch in table.batches:
            for row in batch:
                buffer.write(separator + _JSON.encode(dict(zip(table.columns, row, strict=True))))
                separator = ",\n"
                if buffer.tell() >= CHUNK_SIZE:
                    yield _drain(buffer)
        buffer.write("]\n" if separator != "[" else "[]\n")
        yield _drain(buffer)


def escape_formulas(row: Row, phones: Iterable[int] = ()) -> list[str]:
    """Write the cells. Escape formulas, except in the columns with the indexes `phones`."""
    texts = [value if type(value) is str else as_text(value) for value in row]
    cells = [f"'{text}" if text[:1] in _FORMULA else text for text in texts]
    for place in phones:
        if _E164.fullmatch(texts[place]):
            cells[place] = texts[place]
    return cells


def local_time(value: object, zone: ZoneInfo) -> datetime:
    """Return an instant, given as a datetime or in ISO 8601, as local time of the zone."""
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return instant.astimezone(zone)


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
