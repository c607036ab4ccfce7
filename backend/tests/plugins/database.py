"""Test databases: migrated once into a template, cloned for each xdist worker and for tests that commit.

The template's name carries a hash of the migrations and is kept between runs. A worker owns the databases
`pau2_test_run_<id>_…` while it holds an advisory lock on that id; the next run drops what a killed one left.
No test ever touches the database that DATABASE_URL names: only its server is used.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from devtools.postgres import PostgresUnavailableError, in_database, server_url

BACKEND = Path(__file__).resolve().parents[2]
TEST_DATABASE = re.compile(r"pau2_test_\w+")
TEMPLATE = "pau2_test_template_"
RUN = "pau2_test_run_"
KEPT_TEMPLATES = 5
LOCK_SPACE = 7204118  # first key of our advisory locks; the second is 0 to build, or the run's
BUILDING = 0


class NotATestDatabaseError(Exception):
    """Tests were about to write to a database that is not theirs."""


def refuse_unless_test_database(url: str) -> str:
    """Return the address unchanged. Raises NotATestDatabaseError unless the database is named pau2_test_…"""
    name = urlsplit(url).path.removeprefix("/")
    if TEST_DATABASE.fullmatch(name) is None:
        raise NotATestDatabaseError(f"tests write only to pau2_test_* databases, not to {name!r}")
    return url


def migrations_hash(backend: Path) -> str:
    """Return a digest of every file that decides what `alembic upgrade head` makes."""
    digest = hashlib.sha256()
    for path in sorted((backend / "alembic").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(backend).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class TestDatabases:
    """The databases of one pytest process on one server."""

    __test__ = False

    url: str
    admin: psycopg.Connection
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    numbers: Iterator[int] = field(default_factory=count)

    def template(self) -> str:
        """Return the name of the migrated template, building it if no run has done so yet."""
        name = TEMPLATE + migrations_hash(BACKEND)
        self._lock(BUILDING)
        try:
            if name not in self._named(TEMPLATE):
                building = f"{RUN}{self.run}_building"
                self._create(building)
                _migrate(in_database(self.url, building))
                self._execute("ALTER DATABASE {} RENAME TO {}", building, name)
                for old in self._named(TEMPLATE)[:-KEPT_TEMPLATES]:
                    self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", old)
        finally:
            self.admin.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, BUILDING])
        return name

    @contextmanager
    def clone(self) -> Iterator[str]:
        """Yield the address of a copy of the template that is dropped afterwards."""
        name = f"{RUN}{self.run}_{next(self.numbers)}"
        self._create(name, template=self.template())
        try:
            yield refuse_unless_test_database(in_database(self.url, name))
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def own(self) -> None:
        """Take the lock of this run and drop the databases of runs whose lock nobody holds."""
        self._lock(int(self.run[:7], 16))
        for name in self._named(RUN):
            key = int(name.removeprefix(RUN)[:7], 16)
            if self._try_lock(key):
                self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _create(self, name: str, template: str = "template0") -> None:
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, template)
        self._execute("ALTER DATABASE {} SET synchronous_commit = off", name)

    def _execute(self, statement: str, *names: str) -> None:
        parts = [sql.Identifier(name) for name in names]
        self.admin.execute(sql.SQL(statement).format(*parts))

    def _named(self, prefix: str) -> list[str]:
        found = self.admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid", [prefix]
        )
        return [str(row[0]) for row in found]

    def _lock(self, key: int) -> None:
        self.admin.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, key])

    def _try_lock(self, key: int) -> bool:
        mine = key == int(self.run[:7], 16)
        row = self.admin.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, key]).fetchone()
        return row == (True,) and not mine


def _migrate(url: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "app", "migrate"],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": refuse_unless_test_database(url), "PAU2_ENVIRONMENT": "test"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"the template database could not be migrated:\n{result.stderr}")


@pytest.fixture(scope="session")
def test_databases() -> Iterator[TestDatabases]:
    try:
        url = server_url()
    except PostgresUnavailableError as error:
        pytest.exit(str(error), returncode=2)
    with psycopg.connect(url, autocommit=True) as admin:
        databases = TestDatabases(url=url, admin=admin)
        databases.own()
        yield databases


@pytest.fixture(scope="session")
def database_url(test_databases: TestDatabases) -> Iterator[str]:
    """This worker's migrated database. It is shared: roll back what you do in it."""
    with test_databases.clone() as url:
        yield url


@pytest.fixture
def fresh_database_url(test_databases: TestDatabases) -> Iterator[str]:
    """A migrated database for this test alone: commit, and connect as often as you like."""
    with test_databases.clone() as url:
        yield url
