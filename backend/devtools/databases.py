"""Scratch databases and roles, `pau2_test_*`, on the server of the sessions.

A run holds an advisory lock on its number as long as it lives. The next run drops the databases and roles of
runs without a lock, which were killed. Runs that start at the same time do this one after the other, so each
starts on a server without them. The database that DATABASE_URL names stays untouched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import psycopg
from psycopg import sql

from devtools.postgres import as_user, in_database, server_url

RUN_PREFIX = "pau2_test_run_"
RUN_NUMBER_DIGITS = 7  # hexadecimal
LOCK_SPACE = 7204118  # first key of our advisory locks; the second is the run's number
CLEANUP_KEY = -1  # second key of the lock that a run holds while it drops what killed runs left


@dataclass(frozen=True)
class ScratchDatabases:
    """Creates databases and roles for one run. `admin` is a connection in autocommit mode."""

    server: str
    admin: psycopg.Connection
    run: str
    numbers: Iterator[int] = field(default_factory=count)

    def create_database(self, template: str = "template0") -> str:
        """Create a database, empty or as a copy of another, and return its address."""
        name = f"{self.run}_{next(self.numbers)}"
        execute(self.admin, "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, template)
        execute(self.admin, "ALTER DATABASE {} SET synchronous_commit = off", name)
        return in_database(self.server, name)

    def create_role(self, url: str) -> str:
        """Create a role that logs in with a password, and return a database's address as that role."""
        name = f"{self.run}_{next(self.numbers)}"
        password = uuid4().hex
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        self.admin.execute(create.format(sql.Identifier(name), password))
        execute(self.admin, "GRANT {} TO CURRENT_USER", name)
        return as_user(url, f"{name}:{password}")

    def databases_starting_with(self, prefix: str) -> list[str]:
        """Return the databases whose names start with a prefix, oldest first."""
        found = self.admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid", [prefix]
        )
        return [str(row[0]) for row in found]

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, and close its connections."""
        execute(self.admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def roles_starting_with(self, prefix: str) -> list[str]:
        """Return the roles whose names start with a prefix."""
        found = self.admin.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [prefix])
        return [str(row[0]) for row in found]

    def drop_all_of(self, run: str) -> None:
        """Drop all databases and roles of a run."""
        for name in self.databases_starting_with(f"{run}_"):
            self.drop_database(name)
        for role in self.roles_starting_with(f"{run}_"):
            execute(self.admin, "DROP ROLE IF EXISTS {}", role)


@contextmanager
def scratch_databases() -> Iterator[ScratchDatabases]:
    """Yield a creator of databases. Drop those of killed runs first, and its own at the end.

    Raises PostgresUnavailableError.
    """
    url = server_url()
    run = f"{RUN_PREFIX}{uuid4().hex[:RUN_NUMBER_DIGITS]}"
    with psycopg.connect(url, autocommit=True) as admin:
        scratch = ScratchDatabases(url, admin, run)
        admin.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, lock_key(run)])
        _drop_abandoned_runs(scratch)
        try:
            yield scratch
        finally:
            scratch.drop_all_of(run)


def _drop_abandoned_runs(scratch: ScratchDatabases) -> None:
    """Drop what killed runs left. If another run is doing so, wait until it has finished."""
    cleanup = [LOCK_SPACE, CLEANUP_KEY]
    scratch.admin.execute("SELECT pg_advisory_lock(%s, %s)", cleanup)
    try:
        for run in abandoned_runs(scratch):
            scratch.drop_all_of(run)
    finally:
        scratch.admin.execute("SELECT pg_advisory_unlock(%s, %s)", cleanup)


def abandoned_runs(scratch: ScratchDatabases) -> list[str]:
    """Return the killed runs that left databases or roles.

    A live run holds the lock on its number. An advisory lock belongs to one database, and checkouts may use
    different databases of one server, so this reads pg_locks, which lists the locks of all databases. It
    reads the names first: a run locks its number before it creates anything, so a run that starts in the
    meantime is not taken for a killed one.
    """
    names = [*scratch.databases_starting_with(RUN_PREFIX), *scratch.roles_starting_with(RUN_PREFIX)]
    listed = "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
    held = {key for [key] in scratch.admin.execute(listed, [LOCK_SPACE])}
    runs = {name[: len(RUN_PREFIX) + RUN_NUMBER_DIGITS] for name in names}
    return sorted(run for run in runs if lock_key(run) not in held)


def execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    """Run a statement with quoted names in place of each `{}`."""
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def lock_key(run: str) -> int:
    """Return the second key of a run's advisory lock."""
    return int(run.removeprefix(RUN_PREFIX), 16)
