"""PostgreSQL writes the same CSV as the encoder."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Boolean, ColumnElement, Select, Text, Uuid, cast, column, func, literal, select, values
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.export_files import ColumnKind, Row, RowStream
from app.infrastructure.database.csv_copies import CsvCopy
from app.infrastructure.exports.encoders import CsvEncoder

TEXTS = [
    *(f"{first}SUM(1)" for first in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"),
    *("", " ", "text", "'=1", "a=b", "1-2", "\\.", "\\N", "NULL", "ñ😀"),
    *('"', 'a "b", c', "a,b", "a;b", "a\nb", "a\r\nb", " a "),
    *("+34600111222", "+34600111222\n", "+0", "+1"),
    None,
]
KINDS = {"phone": ColumnKind.PHONE}


def query_of(texts: Sequence[str | None]) -> tuple[Select[Any], ColumnElement[UUID]]:
    """Return a query of each text in two columns, one of phone numbers, with a Boolean; and its id."""
    rows = values(column("id", Uuid), column("text", Text), column("flag", Boolean), name="given")
    given = rows.data([(UUID(int=n), text, n % 2 == 0) for n, text in enumerate(texts, 1)])
    columns = (cast(given.c.id, Text).label("id"), given.c.text, given.c.text.label("phone"), given.c.flag)
    return select(*columns), given.c.id


async def chunks_of(
    query: Select[Any], order: ColumnElement[UUID], connection: AsyncConnection
) -> list[bytes]:
    copy = CsvCopy(query, order, values={}, kinds=KINDS)
    return [chunk async for chunk in copy.chunks(connection)]


async def test_is_the_csv_of_the_encoder(connection: AsyncConnection) -> None:
    query, order = query_of(TEXTS)
    rows = (await connection.execute(query.order_by(order))).all()

    async def batches() -> AsyncGenerator[Sequence[Row]]:
        yield rows

    table = RowStream(tuple(query.selected_columns.keys()), batches(), KINDS)
    encoded = b"".join([chunk async for chunk in CsvEncoder().encode(table)])

    written = await chunks_of(query, order, connection)
    assert b"".join([b"id,text,phone,flag\r\n", *written]) == encoded


def numbered(count: int, text: str) -> tuple[Select[Any], ColumnElement[UUID]]:
    """Return a query of rows with this text and the ids from 1; and the id."""
    numbers = func.generate_series(1, count).table_valued("n").render_derived()
    order = cast(func.lpad(func.to_hex(numbers.c.n), 32, "0"), Uuid)
    columns: list[ColumnElement[Any]] = [cast(order, Text).label("id"), literal(text).label("text")]
    return select(*columns), order


@pytest.mark.parametrize("count", [0, 1, 16, 17, 5000])
async def test_has_every_row_once_in_order(count: int, connection: AsyncConnection) -> None:
    chunks = await chunks_of(*numbered(count, "x"), connection)

    lines = b"".join(chunks).decode().splitlines()
    assert lines == [f"{UUID(int=n)},x" for n in range(1, count + 1)]


async def test_chunks_stay_small_when_rows_are_long(connection: AsyncConnection) -> None:
    chunks = await chunks_of(*numbered(40, "x" * 100_000), connection)

    assert b"".join(chunks).count(b"\r\n") == 40
    assert max(len(chunk) for chunk in chunks[4:]) < 500_000
