"""Generic rows for any table: candidates are tried until the constraints accept one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
from psycopg import sql

ATTEMPTS = 400  # for each kind of row; one that the constraints accept is usually among the first ten
MAX_TEXT_LENGTH = 10_000  # higher numbers in a CHECK are not lengths
Kind = Literal["full", "bare", "mixed"]
KINDS: tuple[Kind, ...] = ("full", "bare", "mixed")

COLUMNS = """
SELECT n.nspname, c.relname, a.attgenerated = '' AND a.attidentity <> 'a',
  a.attname, t.typname, t.typcategory, a.attnotnull,
  a.atthasdef OR a.attidentity <> '',
  ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder),
  ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)),
  (SELECT format('SELECT %I::text FROM %s LIMIT 30', b.attname, k.confrelid::regclass)
    FROM pg_constraint k JOIN pg_attribute b
      ON b.attrelid = k.confrelid AND b.attnum = k.confkey[array_position(k.conkey, a.attnum)]
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey) LIMIT 1)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_|^information_schema$' AND c.relname <> 'alembic_version'
ORDER BY c.oid, a.attnum
"""


@dataclass(frozen=True)
class Column:
    """A column and its constraints. `referred` is a query for values of its foreign key."""

    name: str
    type: str
    category: str
    required: bool
    has_default: bool
    labels: Sequence[str]
    checks: Sequence[str]
    referred: str | None


TableName = tuple[str, str]
"""A table's schema and name."""


def seed(url: str) -> list[str]:
    """Add rows to every table, referred tables before those that refer to them.

    Each table gets a row in which nothing is NULL, one in which everything is NULL or default that
    may be, and a mixed one, where the constraints accept such rows. Returns the names of the tables
    that are still empty.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        pending = _tables(connection)
        filled: set[TableName] = set(pending)
        while filled:
            filled = {
                name
                for name, columns in pending.items()
                if sum(_fill(connection, name, columns, kind) for kind in KINDS)
            }
            pending = {name: columns for name, columns in pending.items() if name not in filled}
        return sorted(table for schema, table in pending if not _count(connection, (schema, table)))


def _tables(connection: psycopg.Connection) -> Mapping[TableName, list[Column]]:
    tables: dict[TableName, list[Column]] = {}
    for schema, table, writable, *column in connection.execute(COLUMNS):
        columns = tables.setdefault((schema, table), [])
        if writable:
            columns.append(Column(*column))
    return tables


def _fill(connection: psycopg.Connection, table: TableName, columns: Sequence[Column], kind: Kind) -> bool:
    """Try combinations of the candidates, always the same ones, until the constraints accept one."""
    label = f"{kind} {table} {_count(connection, table)}"
    choices = {column.name: list(_candidates(connection, column, label)) for column in columns}
    if any(column.required and not choices[column.name] for column in columns):
        return False
    for attempt in range(ATTEMPTS):
        row = {}
        for column in columns:
            draw = _draw(f"{kind} {attempt} {column.name}")
            optional = column.has_default or not column.required
            omitted = optional and (kind == "bare" or (kind == "mixed" and draw & 1024))
            if choices[column.name] and not omitted:
                row[column.name] = choices[column.name][draw % len(choices[column.name])]
        try:
            _insert(connection, table, row)
        except psycopg.DatabaseError:
            continue
        return True
    return False


def _draw(label: str) -> int:
    """Return a pseudo-random number below 2^32 that depends on the label alone."""
    return int.from_bytes(blake2b(label.encode(), digest_size=4).digest())


def _count(connection: psycopg.Connection, table: TableName) -> int:
    counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table)))
    return int(counted.fetchall()[0][0])


def _insert(connection: psycopg.Connection, table: TableName, row: Mapping[str, str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join(map(sql.Literal, row.values()))
    form = "INSERT INTO {} ({}) VALUES ({})" if row else "INSERT INTO {} DEFAULT VALUES"
    connection.execute(sql.SQL(form).format(sql.Identifier(*table), names, values))


def _candidates(connection: psycopg.Connection, column: Column, label: str) -> Iterator[str]:
    """Yield values worth trying: those of the foreign key, the enum, the CHECK's own literals, the type."""
    if column.referred:
        yield from (str(row[0]) for row in connection.execute(column.referred))
        return
    yield from column.labels
    checks = " ".join(column.checks)
    words = [word.replace("''", "'") for word in re.findall(r"'((?:[^']|'')*)'", checks)]
    numbers = [int(number) for number in re.findall(r"\b\d{1,6}\b", checks)]
    unique = uuid5(NAMESPACE_OID, f"{label} {column.name}")
    match column.category:
        case "S":
            yield from words * 4  # most often they are all that a CHECK allows
            yield from (
                "a",
                "Plaza Mayor 1",
                f"{unique.hex}@pau2.example",
                f"+346{unique.int % 10**8:08}",
                unique.hex,
            )
            yield from ("x" * number for number in numbers if number <= MAX_TEXT_LENGTH)
        case "N":
            yield from map(str, (1, 2, unique.int % 10_000, *numbers))
        case "D":
            yield from (f"2026-11-{day:02} 10:00:00+00" for day in (1, 2, 3))
        case "B":
            yield from ("true", "false")
        case "A":
            yield "{}"
        case "T":
            yield "1 hour"
        case "I":
            yield "192.0.2.1"
        case "U":
            yield from _candidates_by_type(column.type, unique, numbers)


def _candidates_by_type(type_name: str, unique: UUID, lengths: Sequence[int]) -> Iterator[str]:
    match type_name:
        case "uuid":
            yield str(unique)
        case "json" | "jsonb":
            yield from ("{}", "[]")
        case "bytea":
            yield from (r"\x" + "ab" * length for length in (32, *lengths))
        case _:
            yield ""
