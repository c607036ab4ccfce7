"""Fills a table with many rows that its constraints accept."""

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import LiteralString, NamedTuple

import psycopg
from psycopg import sql

COLUMNS = """
SELECT a.attname, t.typname, t.typcategory::text,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
    AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM pg_depend d
      WHERE d.objid = i.indexrelid AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)))
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
ORDER BY a.attnum
"""
INSERT = """
INSERT INTO {table} ({names}) SELECT {values}
FROM generate_series(1, {rows}) AS s(g)
JOIN (SELECT row_number() OVER () - 1 AS "#", * FROM {table} LIMIT {templates}) AS r ON r."#" = s.g % {count}
ON CONFLICT DO NOTHING
"""
TEMPLATES = 10
"""The number of rows that are copied to make new ones, with changes where values must differ."""
TRIAL_ROWS = 20
MAX_TRIALS = 200
TIMEOUT = "SET LOCAL statement_timeout = '300s'"
DISTINCT_TEXTS: tuple[LiteralString, ...] = (
    "left(r.{0}, greatest(length(r.{0}) - 8, 0)) || lpad((s.g + 10000000)::text, 8, '0')",
    "s.g || r.{0}",
    "r.{0} || s.g",
    "encode(sha256(s.g::text::bytea), 'hex')",
)
"""Ways to make a text different in each row. A CHECK may accept one alone: of a length, or of a form."""
DISTINCT_NUMBERS: tuple[LiteralString, ...] = ("s.g + 10000000", "s.g")
"""Ways to make a number different in each row, first one that no copied row has."""
COPIED: tuple[LiteralString, ...] = ("r.{0}",)
TIMES: tuple[LiteralString, ...] = ("r.{0} + s.g * interval '1 second'", *COPIED)
"""Ways to spread times; some constraints compare them with a constant."""


class Column(NamedTuple):
    """A column that can be written, its type, the type's category, and whether a unique index has it."""

    name: str
    type: str
    category: str
    is_unique: bool


def fill(connection: psycopg.Connection, table: int, rows: int) -> int:
    """Add rows to a table, given by its oid, that has some; return how many it has then.

    Foreign keys in unique indexes refer to nothing: keys are not checked meanwhile. Needs a superuser and a
    connection in autocommit mode.
    """
    named = connection.execute("SELECT %s::regclass::text", [table]).fetchall()[0][0]
    columns = [Column(*row) for row in connection.execute(COLUMNS, [table])]
    identifier = sql.SQL(str(named))  # quoted by PostgreSQL where it has to be
    for values in islice(_values(columns), MAX_TRIALS):
        if _insert(connection, identifier, columns, values, TRIAL_ROWS, keep=False) > TRIAL_ROWS / 2:
            _insert(connection, identifier, columns, values, rows)
            break
    connection.execute(sql.SQL("VACUUM ANALYZE {}").format(identifier))
    return _count(connection, identifier)


def _values(columns: Sequence[Column]) -> Iterator[list[sql.Composed]]:
    """Yield the values of the columns, one combination of the ways to make them after the other."""
    for time in TIMES:
        for values in product(*(_ways(column, time) for column in columns)):
            named = zip(columns, values, strict=True)
            yield [sql.SQL(value).format(sql.Identifier(column.name)) for column, value in named]


def _ways(column: Column, time: LiteralString) -> Sequence[LiteralString]:
    """Return the ways to make the values of a column."""
    if column.type.startswith("timestamp"):
        return (time,)
    if not column.is_unique:
        return COPIED
    if column.category == "S":
        return DISTINCT_TEXTS
    if column.category == "N":
        return DISTINCT_NUMBERS
    return {"uuid": ("gen_random_uuid()",), "bytea": ("sha256(s.g::text::bytea)",)}.get(column.type, COPIED)


def _insert(
    connection: psycopg.Connection,
    table: sql.Composable,
    columns: Sequence[Column],
    values: Sequence[sql.Composed],
    rows: int,
    *,
    keep: bool = True,
) -> int:
    """Insert rows and return the number of accepted ones; remove them again unless they shall stay."""
    statement = sql.SQL(INSERT).format(
        table=table,
        names=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
        values=sql.SQL(", ").join(values),
        rows=rows,
        templates=TEMPLATES,
        count=min(_count(connection, table), TEMPLATES) or 1,
    )
    try:
        with connection.transaction(force_rollback=not keep):
            connection.execute(TIMEOUT)
            connection.execute("SET LOCAL session_replication_role = replica")
            return connection.execute(statement).rowcount
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        return 0


def _count(connection: psycopg.Connection, table: sql.Composable) -> int:
    return int(connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchall()[0][0])
