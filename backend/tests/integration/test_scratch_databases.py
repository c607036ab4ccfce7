"""Scratch databases of tests and gates, and their removal."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from devtools.databases import (
    CLEANUP_KEY,
    LOCK_SPACE,
    RUN_PREFIX,
    execute,
    lock_key,
    scratch_databases,
)
from devtools.errors import PostgresUnavailableError
from tests.plugins.database import (
    MigratedDatabases,
    NotATestDatabaseError,
    database_of,
    make_runtime_role,
    refuse_unless_test_database,
)
from tests.plugins.database_reuse import state_of


@pytest.mark.parametrize("name", ["pau2", "postgres", "production", "x_pau2_test_1", "pau2_test_"])
def test_refuses_to_write_when_the_database_is_not_a_test_one(name: str) -> None:
    with pytest.raises(NotATestDatabaseError, match=f"only to .*, not to '{name}'"):
        refuse_unless_test_database(f"postgresql://postgres@/{name}?host=/tmp")


def test_accepts_the_database_of_a_run(database_url: str) -> None:
    assert refuse_unless_test_database(database_url) == database_url


def test_names_missing_privilege_when_role_cannot_create_roles(
    migrated_databases: MigratedDatabases, migration_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = migrated_databases.scratch.create_role(migration_url)
    monkeypatch.setattr("tests.plugins.database.RUNTIME_ROLE", "pau2_test_nobody")

    with psycopg.connect(weak, autocommit=True) as admin, pytest.raises(PostgresUnavailableError) as raised:
        make_runtime_role(admin)

    assert str(raised.value) == (
        "The role in DATABASE_URL may not make roles, and tests run as a weaker one. "
        "Give it CREATEROLE, or unset DATABASE_URL to use the embedded server."
    )


def test_gives_each_test_a_migrated_database_of_its_own(migrated_databases: MigratedDatabases) -> None:
    with migrated_databases.clone() as one, migrated_databases.clone() as other:
        with psycopg.connect(one) as connection:
            connection.execute("DROP TABLE audit_entries")
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT count(*) FROM audit_entries").fetchone() == (0,)
        names = {database_of(one), database_of(other)}

    assert names.isdisjoint(migrated_databases.scratch.databases_starting_with(RUN_PREFIX))


def test_lends_a_database_again_without_rows(migrated_databases: MigratedDatabases) -> None:
    """Several times, because a database that autovacuum has analyzed in the meantime is discarded."""
    count = "SELECT count(*), sum(pg_relation_size(oid)) FROM procrastinate_jobs, pg_class WHERE relname = %s"
    lent: list[str] = []
    for _ in range(5):
        with migrated_databases.lend() as url, psycopg.connect(url) as connection:
            rows = connection.execute(count, ["procrastinate_jobs"]).fetchone()
            number = connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('a', 'b') RETURNING id"
            ).fetchone()
        lent.append(url)
        assert (rows, number) == ((0, None), (1,))

    assert len({*lent}) < len(lent)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE audit_entries",
        "ALTER TABLE news ADD COLUMN extra integer",
        "DROP INDEX ix_news_author_id",
        "GRANT SELECT ON news TO PUBLIC",
        "CREATE FUNCTION extra() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER DATABASE {} SET timezone = 'Europe/Madrid'",
        "GRANT CONNECT ON DATABASE {} TO PUBLIC",
        "ANALYZE alembic_version",
        "UPDATE alembic_version SET version_num = 'elsewhere'",
    ],
)
def test_notices_a_change_when_it_is_not_of_rows_alone(
    migrated_databases: MigratedDatabases, change: str
) -> None:
    with migrated_databases.lend() as url, psycopg.connect(url) as connection:
        made = state_of(connection)
        execute(connection, change, *[database_of(url)] * change.count("{}"))
        changed = state_of(connection)
        connection.rollback()

        assert changed != made
        assert state_of(connection) == made


def test_lends_no_database_again_when_its_schema_was_changed(migrated_databases: MigratedDatabases) -> None:
    with migrated_databases.lend() as url, psycopg.connect(url) as connection:
        connection.execute("DROP TABLE audit_entries")

    assert database_of(url) not in migrated_databases.scratch.databases_starting_with(RUN_PREFIX)


def test_spares_a_run_when_it_is_connected_to_another_database(
    migrated_databases: MigratedDatabases, database_url: str
) -> None:
    """DATABASE_URL may name another database of the same server in each checkout."""
    mine = migrated_databases.scratch
    run = f"{RUN_PREFIX}{uuid4().hex[:7]}"
    with psycopg.connect(database_url, autocommit=True) as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, lock_key(run)])
        execute(mine.admin, "CREATE DATABASE {} STRATEGY wal_log", f"{run}_1")
        with scratch_databases() as other:
            during = other.databases_starting_with(run)

    with scratch_databases() as other:
        after = other.databases_starting_with(run)

    assert (during, after) == ([f"{run}_1"], [])


def test_drops_databases_when_their_run_was_killed(migrated_databases: MigratedDatabases) -> None:
    mine = migrated_databases.scratch
    run = f"{RUN_PREFIX}{uuid4().hex[:7]}"
    abandoned = f"{run}_1"
    mine.admin.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, lock_key(run)])
    execute(mine.admin, "CREATE ROLE {}", abandoned)
    execute(mine.admin, "CREATE DATABASE {} OWNER {} STRATEGY wal_log", abandoned, abandoned)
    mine.admin.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, lock_key(run)])

    with migrated_databases.clone() as used, scratch_databases() as other:
        made = database_of(other.create_database())
        during = other.databases_starting_with(RUN_PREFIX)
        assert made in during
        assert database_of(used) in during
        assert abandoned not in during
        assert abandoned not in other.roles_starting_with(RUN_PREFIX)
        role = urlsplit(other.create_role(used)).username
        assert role in mine.roles_starting_with(RUN_PREFIX)

    assert made not in mine.databases_starting_with(RUN_PREFIX)
    assert role not in mine.roles_starting_with(RUN_PREFIX)


def test_waits_when_another_run_drops_databases(migrated_databases: MigratedDatabases) -> None:
    """Otherwise a run would start beside databases of a killed run, which the other one is about to drop."""
    server = migrated_databases.scratch.server
    waits = "SELECT FROM pg_locks WHERE NOT granted AND classid = %s AND objid = %s::int8::oid"

    def start() -> str:
        with scratch_databases() as other:
            return other.run

    with psycopg.connect(server, autocommit=True) as cleaner, ThreadPoolExecutor() as pool:
        cleaner.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, CLEANUP_KEY])
        started = pool.submit(start)
        while cleaner.execute(waits, [LOCK_SPACE, CLEANUP_KEY % 2**32]).fetchone() is None:
            assert not started.done()
        cleaner.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, CLEANUP_KEY])

        assert started.result().startswith(RUN_PREFIX)
