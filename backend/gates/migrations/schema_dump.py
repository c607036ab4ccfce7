"""Throw-away databases for the migration gates: their schema as pg_dump sees it, and their rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from devtools import databases
from devtools.databases import ScratchDatabases
from devtools.errors import PostgresUnavailableError
from devtools.programs import BINARIES, installed_package
from gates.model import GateError
from gates.repo.process import run

HEADER = re.compile(
    r"^--\n"
    r"-- Name: (?P<name>.+?); Type: (?P<type>.+?); Schema: (?P<schema>.+?); Owner: .*\n"
    r"--\n",
    re.MULTILINE,
)
NOISE = re.compile(r"^(--.*|SET .*;|\\(un)?restrict .*)?\n", re.MULTILINE)
COLUMN_VERSION = re.compile(r"^ALTER TABLE .* SET \(pg_attver=\d+\);\n|\bpg_attver=\d+, ", re.MULTILINE)
"""A number that servers such as 15.20 keep for each column. Their own pg_dump hides it, ours prints it."""
UNNAMED_SCHEMAS = ("public", "-")  # the schemas of a dump that need no mention
VERSION_TABLE = "alembic_version"
MAX_SHOWN_LENGTH = 300  # characters of a statement in a message

TABLES = """
SELECT c.oid, n.nspname, c.relname,
  array_agg(a.attnum ORDER BY a.attnum), array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_|^information_schema$' AND c.relname <> %s
GROUP BY c.oid, n.nspname, c.relname ORDER BY c.relname
"""

Schema = Mapping[str, str]
"""The objects of a database: `TABLE news` → its statement, columns in alphabetical order."""


@dataclass(frozen=True)
class Table:
    """A table's rows, each the text of its columns by number.

    PostgreSQL gives a column its number for life: a renamed column keeps it, one that was dropped and
    added again has another, however it is called. The same holds for the table's key, its oid.
    """

    name: str
    columns: Mapping[int, str]
    rows: Sequence[Mapping[int, str | None]]


@contextmanager
def scratch_databases() -> Iterator[ScratchDatabases]:
    """Yield a factory of databases that live as long as one gate. Raises GateError without a server."""
    try:
        with databases.scratch_databases() as scratch:
            yield scratch
    except PostgresUnavailableError as error:
        raise GateError(str(error)) from None


def schema_of(url: str) -> Schema:
    """Return the objects that `pg_dump --schema-only` writes, without owners, grants and Alembic's table."""
    dumped = run(Path.cwd(), _pg_dump(), "--schema-only", "--no-owner", "--no-privileges", url)
    if dumped.returncode:
        raise GateError(f"pg_dump failed: {dumped.stderr.strip()}")
    return objects_of(dumped.stdout)


def objects_of(dump: str) -> Schema:
    """Return the objects in what pg_dump printed, without what differs between two runs."""
    _preamble, *parts = HEADER.split(COLUMN_VERSION.sub("", dump))
    objects = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    found: dict[str, str] = {}
    for name, kind, schema, text in objects:
        if name.split()[0] != VERSION_TABLE:
            prefix = "" if schema in UNNAMED_SCHEMAS else f"{schema}."
            found[f"{kind} {prefix}{name}"] = _with_sorted_columns(NOISE.sub("", text).rstrip("\n"))
    return found


def differences(one: Schema, other: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield each object that differs, with the lines that only the first and only the second schema has."""
    for name in sorted({**one, **other}):
        first = one.get(name, "").splitlines()
        second = other.get(name, "").splitlines()
        if first != second:
            yield name, _lines_only_in(first, second), _lines_only_in(second, first)


def rows_of(url: str) -> dict[int, Table]:
    """Return every table of a database with its rows, by oid."""
    tables = {}
    with psycopg.connect(url) as connection:
        for oid, schema, name, numbers, names in connection.execute(TABLES, [VERSION_TABLE]).fetchall():
            cells = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in names)
            found = connection.execute(
                sql.SQL("SELECT {} FROM {}").format(cells, sql.Identifier(schema, name))
            ).fetchall()
            rows = [dict(zip(numbers, row, strict=True)) for row in found]
            tables[oid] = Table(name, dict(zip(numbers, names, strict=True)), rows)
    return tables


def _lines_only_in(lines: list[str], others: list[str]) -> str:
    """Return in one line the lines that others lack; all when they only differ in order."""
    own = [line for line in lines if line not in others] or lines
    return repr(" ".join(line.strip() for line in own)[:MAX_SHOWN_LENGTH]) if own else "nothing"


def _with_sorted_columns(statement: str) -> str:
    """Sort a table's columns: a revision can only append them, the models have them where they read well."""
    if not statement.startswith("CREATE TABLE"):
        return statement
    first, *columns, last = statement.splitlines()
    return "\n".join([first, *sorted(column.rstrip(",") for column in columns), last])


def _pg_dump() -> str:
    """Return the embedded server's pg_dump: it is newer than any server that we support, so it reads all."""
    return str(installed_package() / BINARIES / "pg_dump")
