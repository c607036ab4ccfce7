"""Read models: statements that are compiled once, and the conversion of their rows."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, Protocol

from sqlalchemy import URL, ColumnElement, CompoundSelect, Enum, FromClause, Numeric, Select
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.types import TypeEngine

from app.core.database import Reads

Conditions = Mapping[str, ColumnElement[bool]]
"""Field of a filter → condition, with a parameter of that name."""

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()

Processor = Callable[[Any], Any]
"""Converts a value for the driver, or a value of the driver."""


class Filter(Protocol):
    """A dataclass whose fields are None when they do not filter."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Statement:
    """A query that is compiled once. Its parameters are the names of `bindparam` without a value."""

    def __init__(self, query: Select[Any] | CompoundSelect[Any]) -> None:
        compiled = query.compile(dialect=_DIALECT)
        writers = {name: _writer(bind.type) for name, bind in compiled.binds.items()}
        self._open = [name for name, bind in compiled.binds.items() if bind.required]
        state = compiled.construct_expanded_state(dict.fromkeys(self._open))
        self.sql = state.statement.encode()
        self._writers = {name: write for name, write in writers.items() if write and name in self._open}
        known = {name: value for name, value in state.parameters.items() if name not in self._open}
        self._constants = _converted(known, writers | dict(state.processors))
        readers = enumerate(_reader(column.type) for column in query.selected_columns)
        self._readers = [(index, read) for index, read in readers if read is not None]

    def parameters(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return the values, converted for the driver."""
        return self._constants | _converted(values, self._writers)

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the columns as Python values, such as members of an enumeration."""
        columns = list(row)
        for index, read in self._readers:
            columns[index] = read(columns[index])
        return tuple(columns)


async def fetch(reads: Reads, statement: Statement, **values: object) -> list[tuple[Any, ...]]:
    """Return all rows, for the values of the statement's parameters."""
    async with reads() as connection:
        cursor = await connection.execute(statement.sql, statement.parameters(values))
        rows = await cursor.fetchall()
    return [statement.read(row) for row in rows]


async def fetch_one(reads: Reads, statement: Statement, **values: object) -> tuple[Any, ...] | None:
    """Return the only row, or None."""
    rows = await fetch(reads, statement, **values)
    return rows[0] if rows else None


def columns_of(table: FromClause, read_model: type[Any]) -> tuple[KeyedColumnElement[Any], ...]:
    """Return the column that each field is named after, in the order in which the read model takes them."""
    return tuple(table.c[field.name] for field in fields(read_model))


def given(where: Filter) -> dict[str, Any]:
    """Return the fields of a filter that are set."""
    values = ((field.name, getattr(where, field.name)) for field in fields(where))
    return {name: value for name, value in values if value is not None}


def _converted(values: Mapping[str, Any], writers: Mapping[str, Processor | None]) -> dict[str, object]:
    return {
        name: value if (write := writers.get(name)) is None else write(value)
        for name, value in values.items()
    }


def _writer(kind: TypeEngine[Any]) -> Processor | None:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _reader(kind: TypeEngine[Any]) -> Processor | None:
    if isinstance(kind, Enum) and kind.enum_class is not None:
        members = {None: None} | dict(zip(kind.enums, kind.enum_class, strict=True))
        return members.__getitem__  # SQLAlchemy's processor makes several calls for each value
    if isinstance(kind, Numeric):
        return None  # the driver returns Decimal
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
