"""CSV that PostgreSQL writes: the rows of a query as lines, by COPY.

PostgreSQL quotes as RFC 4180 says. The lines are those of the encoder for CSV, which takes longer.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection as DriverConnection
from psycopg.abc import Buffer
from sqlalchemy import Boolean, ColumnElement, Integer, Select, Text, bindparam, case, func, literal, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import KeyedColumnElement

from app.application.export_files import E164, FORMULA_CHARACTERS, ColumnKind
from app.infrastructure.database.read_models import Statement

FIRST_LINES = 16
MAX_LINES = 2_048
MAX_CHUNK_BYTES = 262_144
"""A COPY reads twice as many lines as the last one, or half as many if that one had more bytes than this.

Each is a statement with a time limit of its own, and a client that reads slowly waits between two of them.
"""
_FORMULA_CODES = [ord(character) for character in FORMULA_CHARACTERS if character != "\0"]
"""PostgreSQL does not store the NUL character."""
_UUID_LENGTH = 36


class CsvCopy:
    """The rows of a query as CSV, in the order of `id`, its first column.

    All columns are texts or Booleans. `values` are those of the query's parameters.
    """

    def __init__(
        self,
        query: Select[Any],
        id: ColumnElement[UUID],
        *,
        values: Mapping[str, object],
        kinds: Mapping[str, ColumnKind],
    ) -> None:
        later = query.where(id > bindparam("after", type_=id.type)).order_by(id)
        rows = later.limit(bindparam("limit", type_=Integer)).subquery()
        cells = [_cell(column, is_phone=kinds.get(str(column.key)) is ColumnKind.PHONE) for column in rows.c]
        self._statement = Statement(select(*cells).select_from(rows))
        self._sql = b"COPY (" + self._statement.sql + b") TO STDOUT (FORMAT csv)"
        self._values = values

    async def chunks(self, connection: AsyncConnection) -> AsyncGenerator[bytes]:
        """Yield lines that end with CR and LF, in at least one chunk."""
        pooled = await connection.get_raw_connection()
        driver = cast("DriverConnection[Any]", pooled.driver_connection)
        after = UUID(int=0)
        limit = FIRST_LINES
        is_complete = False
        while not is_complete:
            lines = await self._read(driver, after=after, limit=limit)
            chunk = b"\r\n".join([*lines, b""])
            yield chunk
            is_complete = len(lines) < limit
            if not is_complete:
                after = UUID(bytes(lines[-1][:_UUID_LENGTH]).decode())
            limit = max(1, limit // 2) if len(chunk) > MAX_CHUNK_BYTES else min(limit * 2, MAX_LINES)

    async def _read(self, connection: DriverConnection[Any], **position: object) -> list[Buffer]:
        """Return lines without their ends. psycopg writes the parameters into the text of a COPY."""
        parameters = self._statement.parameters({**self._values, **position})
        async with connection.cursor() as cursor, cursor.copy(self._sql, parameters) as rows:
            return [row[:-1] async for row in rows]


def _cell(column: KeyedColumnElement[Any], *, is_phone: bool) -> ColumnElement[Any]:
    """Write a cell: an apostrophe before a formula, and nothing without quotes for an empty text."""
    if isinstance(column.type, Boolean):
        return sql_cast(column, Text)
    escaped = case(
        (func.ascii(column).in_(_FORMULA_CODES), literal("'") + column), else_=func.nullif(column, "")
    )
    return case((column.regexp_match(f"^{E164}$"), column), else_=escaped) if is_phone else escaped
