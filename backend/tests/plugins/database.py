"""Test databases: migrated once into a template, cloned for each xdist worker and for tests that commit.

The template's name carries a hash of the migrations and is kept between runs. Tests write only to databases
named `pau2_test_*`, and refuse others: no run can reach a developer's data.

The application under test is not the owner of its database. It runs as a role to which `migrate` has granted
what production's role gets, so a right that is missing there is missing here.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from devtools.databases import ScratchDatabases, execute, scratch_databases
from devtools.errors import PostgresUnavailableError
from tests.plugins.database_reuse import ReusableDatabase, state_of

BACKEND = Path(__file__).resolve().parents[2]
TEST_DATABASE = re.compile(r"pau2_test_\w+")
TEMPLATE = "pau2_test_template_"
KEPT_TEMPLATES = 5
BUILDING = 7204118  # our advisory lock while the template is built
RUNTIME_ROLE = "pau2_test_runtime"
"""Kept like the templates, in which it has its rights. Nobody logs in as it: addresses switch to it."""


class NotATestDatabaseError(Exception):
    """A test was about to write to a database that is not a test database."""


def refuse_unless_test_database(url: str) -> str:
    """Return the address unchanged. Raises NotATestDatabaseError unless the database is named pau2_test_…"""
    name = database_of(url)
    if TEST_DATABASE.fullmatch(name) is None:
        raise NotATestDatabaseError(f"tests write only to pau2_test_* databases, not to {name!r}")
    return url


def as_runtime_role(url: str) -> str:
    """Return the same address with the role that uses the schema but cannot change it."""
    return f"{url}{'&' if '?' in url else '?'}options=-crole%3D{RUNTIME_ROLE}"


def migrations_hash(backend: Path) -> str:
    """Return a digest of every file that affects the result of `migrate`."""
    digest = hashlib.sha256()
    grants = backend / "app/infrastructure/database/grants.py"
    for path in sorted([grants, *(backend / "alembic").rglob("*")]):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(backend).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class MigratedDatabases:
    """Copies of the migrated template."""

    scratch: ScratchDatabases
    _free: list[ReusableDatabase] = field(default_factory=list)

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Yield the address of a copy for exclusive use. A later test may get the same one, emptied."""
        database = self._free.pop() if self._free else self._new()
        try:
            yield database.url
        finally:
            if database.is_emptied():
                self._free.append(database)
            else:
                self.scratch.drop_database(database_of(database.url))

    def _new(self) -> ReusableDatabase:
        url = refuse_unless_test_database(self.scratch.create_database(template=self._template()))
        with psycopg.connect(url) as connection:
            return ReusableDatabase(url, state_of(connection))

    @contextmanager
    def clone(self) -> Iterator[str]:
        """Yield the address of a copy that is dropped afterwards."""
        url = self.scratch.create_database(template=self._template())
        try:
            yield refuse_unless_test_database(url)
        finally:
            self.scratch.drop_database(database_of(url))

    def _template(self) -> str:
        """Return the name of the template, and build it if no run has."""
        name = TEMPLATE + migrations_hash(BACKEND)
        self.scratch.admin.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        try:
            if name not in self.scratch.databases_starting_with(TEMPLATE):
                unfinished = self.scratch.create_database()
                _migrate(unfinished)
                execute(self.scratch.admin, "ALTER DATABASE {} RENAME TO {}", database_of(unfinished), name)
                for old in self.scratch.databases_starting_with(TEMPLATE)[:-KEPT_TEMPLATES]:
                    self.scratch.drop_database(old)
        finally:
            self.scratch.admin.execute("SELECT pg_advisory_unlock(%s)", [BUILDING])
        return name


def make_runtime_role(admin: psycopg.Connection) -> None:
    """Create the role if it is missing. Raises PostgresUnavailableError when DATABASE_URL's role may not."""
    admin.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
    try:
        if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [RUNTIME_ROLE]).fetchone() is None:
            execute(admin, "CREATE ROLE {}", RUNTIME_ROLE)
            execute(admin, "GRANT {} TO CURRENT_USER", RUNTIME_ROLE)
    except InsufficientPrivilege:
        raise PostgresUnavailableError(
            "The role in DATABASE_URL may not make roles, and tests run as a weaker one. "
            "Give it CREATEROLE, or unset DATABASE_URL to use the embedded server."
        ) from None
    finally:
        admin.execute("SELECT pg_advisory_unlock(%s)", [BUILDING])


def database_of(url: str) -> str:
    """Return the name of the database in an address."""
    return urlsplit(url).path.removeprefix("/")


def _migrate(url: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "app", "migrate"],
        cwd=BACKEND,
        env=os.environ
        | {
            "DATABASE_URL": as_runtime_role(refuse_unless_test_database(url)),
            "PAU2_MIGRATION_DATABASE_URL": url,
            "PAU2_ENVIRONMENT": "test",
            "PAU2_RESULT_IS_KEPT": "as the template of these migrations",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"the template database could not be migrated:\n{result.stderr}")


@pytest.fixture(scope="session", autouse=True)
def _no_other_database() -> Iterator[None]:
    """Unset DATABASE_URL, so that no child process migrates the developer's database."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PAU2_MIGRATION_DATABASE_URL", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """Ignore proxies: tests connect to 127.0.0.1 only."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            environment.delenv(name)
        yield


@pytest.fixture(scope="session")
def migrated_databases() -> Iterator[MigratedDatabases]:
    with ExitStack() as stack:
        try:
            scratch = stack.enter_context(scratch_databases())
            make_runtime_role(scratch.admin)
        except PostgresUnavailableError as error:
            pytest.exit(str(error), returncode=2)
        yield MigratedDatabases(scratch)


@pytest.fixture(scope="session")
def migration_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    """The database of `database_url` as its owner, who may change the schema."""
    with migrated_databases.clone() as url:
        yield url


@pytest.fixture(scope="session")
def database_url(migration_url: str) -> str:
    """This worker's migrated database. It is shared: roll back your changes."""
    return as_runtime_role(migration_url)


@pytest.fixture
def fresh_migration_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    """The database of `fresh_database_url` as its owner, who may change the schema."""
    with migrated_databases.lend() as url:
        yield url


@pytest.fixture
def fresh_database_url(fresh_migration_url: str) -> str:
    """A migrated database for this test alone, which may commit and open several connections."""
    return as_runtime_role(fresh_migration_url)
