import codecs
import csv
import json
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.application.export_files import ColumnKind, Encoder, Row, RowStream
from app.application.exports import TooManyExportsError
from app.domain.members.member import Role
from app.infrastructure.exports.encoders import (
    CHUNK_SIZE,
    CsvEncoder,
    ExcelCsvEncoder,
    JsonEncoder,
    escape_formulas,
)


async def encoded(
    encoder: Encoder, columns: tuple[str, ...], rows: Sequence[Sequence[object]], **options: Any
) -> list[bytes]:
    async def each() -> AsyncGenerator[Sequence[Row]]:
        for start in range(0, len(rows), 7):
            yield rows[start : start + 7]

    return [piece async for piece in encoder.encode(RowStream(columns, each(), **options))]


ROW = (UUID(int=1), None, True, Role.ADMIN, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 'a "b", c\nd')
COLUMNS = ("id", "empty", "flag", "role", "at", "text")


async def test_follows_rfc_4180_when_csv() -> None:
    [piece] = await encoded(CsvEncoder(), COLUMNS, [ROW])

    assert piece.decode() == (
        "id,empty,flag,role,at,text\r\n"
        '00000000-0000-0000-0000-000000000001,,true,ADMIN,2026-01-02T03:04:05+00:00,"a ""b"", c\nd"\r\n'
    )


async def test_keeps_types_and_text_when_json() -> None:
    [piece] = await encoded(JsonEncoder(), COLUMNS, [ROW, ROW])

    assert json.loads(piece) == 2 * [
        {
            "id": "00000000-0000-0000-0000-000000000001",
            "empty": None,
            "flag": True,
            "role": "ADMIN",
            "at": "2026-01-02T03:04:05+00:00",
            "text": 'a "b", c\nd',
        }
    ]


async def test_is_a_whole_file_when_there_are_no_rows() -> None:
    assert await encoded(CsvEncoder(), ("id",), []) == [b"id\r\n"]
    assert await encoded(JsonEncoder(), ("id",), []) == [b"[]\n"]


@pytest.mark.parametrize("cell", [f"{first}SUM(1)" for first in "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"])
def test_prepends_apostrophe_when_spreadsheet_would_calculate(cell: str) -> None:
    assert escape_formulas([cell]) == ["'" + cell]


@pytest.mark.parametrize("cell", ["", "text", "a=b", "'=1", "1-2", "2026-01-01"])
def test_leaves_a_cell_alone_when_it_is_harmless(cell: str) -> None:
    assert escape_formulas([cell]) == [cell]


async def test_guards_headers_and_cells_when_csv() -> None:
    [piece] = await encoded(CsvEncoder(), ("=header",), [("=1+1",), ("+34600111222",)])

    rows = list(csv.reader(StringIO(piece.decode(), newline="")))
    assert rows == [["'=header"], ["'=1+1"], ["'+34600111222"]]


async def test_keeps_phone_numbers_when_column_holds_nothing_else() -> None:
    """Digits after a plus sign are not a formula. Any other text in the column is escaped."""
    rows = [("+34600111222", "+34600111222"), ("+SUM(1)", ""), ("+1", ""), ("+34600111222\n", "")]

    [piece] = await encoded(CsvEncoder(), ("phone", "text"), rows, kinds={"phone": ColumnKind.PHONE})

    found = list(csv.reader(StringIO(piece.decode(), newline="")))
    assert found[1:] == [
        ["+34600111222", "'+34600111222"],
        ["'+SUM(1)", ""],
        ["'+1", ""],
        ["'+34600111222\n", ""],
    ]


async def test_opens_as_a_table_when_csv_is_for_excel() -> None:
    kinds = {"at": ColumnKind.TIME, "then": ColumnKind.TIME, "phone": ColumnKind.PHONE}
    at = datetime(2026, 7, 2, 22, 4, 5, 999999, tzinfo=UTC)
    row = ("Ibáñez; A", at, "2026-01-02T03:04:05.123456+00:00", True, False, None, 7, "+34600111222", "=1+1")
    columns = ("text", "at", "then", "yes", "no", "empty", "count", "phone", "formula")

    [piece] = await encoded(ExcelCsvEncoder(ZoneInfo("Europe/Madrid")), columns, [row], kinds=kinds)

    assert piece.startswith(codecs.BOM_UTF8)
    assert piece.decode("utf-8-sig") == (
        "text;at;then;yes;no;empty;count;phone;formula\r\n"
        '"Ibáñez; A";2026-07-03 00:04:05;2026-01-02 04:04:05;yes;no;;7;+34600111222;\'=1+1\r\n'
    )


@pytest.mark.parametrize("encoder", [CsvEncoder(), JsonEncoder()])
async def test_sends_small_pieces_when_the_table_is_long(encoder: Encoder) -> None:
    pieces = await encoded(encoder, ("text",), [("x" * 1000,)] * 400)

    assert len(pieces) > 5
    assert max(map(len, pieces)) < CHUNK_SIZE + 2000


def test_says_how_many_may_run_when_there_are_too_many_exports() -> None:
    assert TooManyExportsError.detail == "2 of your exports are running. Retry when one has ended."
