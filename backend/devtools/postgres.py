"""The PostgreSQL server of every session: `DATABASE_URL` when it is set, else an embedded one.

`python -m devtools.postgres COMMAND …` runs a command with the variables that name the development database.
"""

import os
import sys
from functools import cache
from pathlib import Path
from threading import Lock
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from devtools.embedded import EmbeddedServer
from devtools.errors import PostgresUnavailableError
from devtools.server_folders import home
from devtools.signals import run_command

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "pau2"
RUNTIME_ROLE = "pau2_runtime"
SUPPORTED_VERSIONS = range(15, 19)
START_LOCK = Lock()  # only one thread may start the embedded server
CREDENTIALS = frozenset(
    {
        "PGPASSWORD",
        "PGPASSFILE",
        "PGSSLMODE",
        "PGSSLROOTCERT",
        "PGSSLCERT",
        "PGSSLKEY",
        "PGSSLCRL",
        "PGSSLCRLDIR",
    }
)
"""Variables that stay beside DATABASE_URL: credentials and certificates, never a server."""


def server_url() -> str:
    """Return the address of a running server, `postgresql://…/database`. Starts the embedded one.

    Removes the variables of libpq, which could redirect this process and its children to another server.

    Raises PostgresUnavailableError if DATABASE_URL names a server that does not respond within 5 s, or whose
    version is not supported.
    """
    forget_libpq_variables()
    url = os.environ.get("DATABASE_URL")
    if url:
        return _checked_url(url)
    with START_LOCK:
        return embedded_server(home(PROJECT)).url()


def forget_libpq_variables() -> None:
    """Remove the variables named PG… from this process and its children.

    CREDENTIALS stay if DATABASE_URL is set.
    """
    kept = CREDENTIALS if os.environ.get("DATABASE_URL") else frozenset()
    for name in [name for name in os.environ if name.startswith("PG") and name not in kept]:
        del os.environ[name]


@cache
def embedded_server(place: Path) -> EmbeddedServer:
    """Return the only EmbeddedServer of this process for a folder."""
    return EmbeddedServer(place)


def development_variables() -> dict[str, str]:
    """Return the variables of the development database. Creates the database and its role if necessary.

    On the embedded server the application runs as RUNTIME_ROLE and cannot change the schema, as in
    production. DATABASE_URL is used as it is.
    """
    server = server_url()
    if os.environ.get("DATABASE_URL"):
        return {"DATABASE_URL": server}
    owner = in_database(server, DATABASE)
    with psycopg.connect(server, autocommit=True) as connection:
        _ensure(connection, "FROM pg_database WHERE datname = {}", "CREATE DATABASE {}", DATABASE)
        _ensure(connection, "FROM pg_roles WHERE rolname = {}", "CREATE ROLE {} LOGIN", RUNTIME_ROLE)
    return {"DATABASE_URL": as_user(owner, RUNTIME_ROLE), "PAU2_MIGRATION_DATABASE_URL": owner}


def _ensure(connection: psycopg.Connection, there: LiteralString, make: LiteralString, name: str) -> None:
    if connection.execute(sql.SQL("SELECT " + there).format(name)).fetchone() is None:
        connection.execute(sql.SQL(make).format(sql.Identifier(name)))


def in_database(url: str, database: str) -> str:
    """Return the address with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def as_user(url: str, user: str) -> str:
    """Return the address with another `user` or `user:password`."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise PostgresUnavailableError(
            "DATABASE_URL is not a PostgreSQL address. Write postgresql://user:password@host:port/database, "
            "or unset it to use the embedded server."
        )
    plain = urlunsplit(parts._replace(scheme="postgresql"))
    where = f"{parts.hostname or 'the local socket'}:{parts.port or 5432}"
    try:
        with psycopg.connect(plain, connect_timeout=5) as connection:
            major = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise PostgresUnavailableError(
            f"The server at {where}, which DATABASE_URL names, cannot be used ({reason}). "
            "Start it or correct DATABASE_URL, or unset it to use the embedded server."
        ) from None
    if major not in SUPPORTED_VERSIONS:
        raise PostgresUnavailableError(
            f"The server at {where} is PostgreSQL {major}; "
            f"{SUPPORTED_VERSIONS[0]} to {SUPPORTED_VERSIONS[-1]} are supported. "
            "Name one of those in DATABASE_URL or unset it."
        )
    return plain


def embedded_log() -> Path | None:
    """Return the log of the embedded server; None if DATABASE_URL names another server."""
    return None if os.environ.get("DATABASE_URL") else embedded_server(home(PROJECT)).log


def main(command: list[str]) -> int:
    """Run the command on the development database; return its exit code, or 2 without a server."""
    try:
        environment = development_variables()
    except PostgresUnavailableError as error:
        print(f"postgres: {error}", file=sys.stderr)
        return 2
    return run_command(command, os.environ | environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
