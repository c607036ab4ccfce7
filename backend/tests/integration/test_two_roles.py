"""One role changes the schema, another runs the application (ASVS 5.0 13.2.2)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.application.jobs import SendOneTimeToken
from app.core.database import open_database
from app.core.settings import Environment, Settings, SettingsError
from app.domain.errors import UnavailableError
from app.infrastructure.database.grants import FULL_ACCESS, grant_use, require_unprivileged_role, role_of
from app.infrastructure.database.migrations import migrate
from app.infrastructure.database.startup import check_database
from app.infrastructure.database.tables import metadata
from app.infrastructure.jobs.worker import create_worker, run_worker
from app.main import create_served_app
from tests.factories import make_settings
from tests.fakes import FixedClock
from tests.plugins.database import BACKEND, RUNTIME_ROLE, MigratedDatabases, database_of

NOT_FULL_ACCESS = {
    "alembic_version": "SELECT",
    "audit_entries": "SELECT, INSERT",
    "responses": "SELECT, INSERT",
    "ballots": "SELECT, INSERT, DELETE",
    "participations": "SELECT, INSERT, DELETE",
    "erased_respondents": "SELECT, INSERT, DELETE",
    "members": "SELECT, INSERT, UPDATE",
    "news": "SELECT, INSERT, UPDATE",
}
GRANTED = b"""SELECT relname, array_agg(privilege_type::text) FROM pg_class, aclexplode(relacl)
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND grantee = %s::regrole
    GROUP BY relname"""
PRODUCTION = {
    "PAU2_ENVIRONMENT": "production",
    "PAU2_TOKEN_KEYS": f'{{"2026-11": "{"k" * 32}"}}',
    "PAU2_CURSOR_SECRET": "c" * 32,
    "PAU2_SMTP_URL": "smtp://127.0.0.1:1",
    "PAU2_PUBLIC_URL": "https://vecinos.example",
    "PAU2_MAIL_SENDER": "info@vecinos.example",
}


@dataclass(frozen=True)
class TwoRoles:
    """The owner of a database, and a role without rights in it. Both log in."""

    admin_url: str
    owner_url: str
    runtime_url: str

    def settings(self, **overrides: Any) -> Settings:
        """Return the settings with which an operator migrates."""
        values = {
            "environment": Environment.DEVELOPMENT,
            "database_url": self.runtime_url,
            "migration_database_url": self.owner_url,
        }
        return make_settings(**values | overrides)

    def change(self, statement: LiteralString) -> None:
        """Run a statement as the role that created both."""
        urls = {"owner": self.owner_url, "runtime": self.runtime_url}
        names = {role: sql.Identifier(urlsplit(url).username or "") for role, url in urls.items()}
        database = sql.Identifier(database_of(self.admin_url))
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(**names, database=database))


@pytest.fixture
def two_roles(migrated_databases: MigratedDatabases) -> Iterator[TwoRoles]:
    """Two roles on an empty database."""
    scratch = migrated_databases.scratch
    admin_url = scratch.create_database()
    roles = TwoRoles(admin_url, scratch.create_role(admin_url), scratch.create_role(admin_url))
    roles.change("ALTER DATABASE {database} OWNER TO {owner}")
    yield roles
    scratch.drop_database(database_of(admin_url))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE INDEX ON news (title)",
        "CREATE OR REPLACE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE news ADD mine integer",
        "ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER",
        "DROP TABLE news",
        "TRUNCATE news",
        "UPDATE alembic_version SET version_num = ''",
        "UPDATE audit_entries SET action = ''",
        "DELETE FROM audit_entries",
        "UPDATE responses SET texts = '{}'",
        "DELETE FROM responses",
        "UPDATE ballots SET texts = '{}'",
        "UPDATE participations SET member_id = member_id",
        "DELETE FROM members",
        "DELETE FROM news",
    ],
)
def test_refuses_statements_when_the_application_needs_no_right(statement: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


def test_every_table_has_its_grants_when_migrated(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (RUNTIME_ROLE,)
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        granted, public = (connection.execute(GRANTED, [who]).fetchall() for who in (RUNTIME_ROLE, "-"))

    names = {name for (name,) in tables}
    wanted = dict.fromkeys(names, FULL_ACCESS) | NOT_FULL_ACCESS
    assert names > set(metadata.tables)
    assert {name: set(kinds) for name, kinds in granted} == {
        name: set(kinds.split(", ")) for name, kinds in wanted.items()
    }
    assert public == []


async def test_runs_without_ddl_rights_when_another_role_migrates(two_roles: TwoRoles) -> None:
    migrate(two_roles.settings())
    told: list[SendOneTimeToken] = []

    async def tell(job: SendOneTimeToken) -> None:
        told.append(job)

    require_unprivileged_role(make_settings(two_roles.runtime_url))
    token_id = uuid4()
    async with create_worker(two_roles.runtime_url, {SendOneTimeToken: tell}).open_async() as queue:
        await queue.configure_task("SendOneTimeToken").defer_async(token_id=str(token_id))
        await queue.run_worker_async(wait=False)

    assert [job.token_id for job in told] == [token_id]
    with psycopg.connect(two_roles.runtime_url) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("DROP TABLE procrastinate_jobs")


def test_takes_back_what_was_granted_beside_when_migrated_again(two_roles: TwoRoles) -> None:
    migrate(two_roles.settings())
    two_roles.change("GRANT ALL ON TABLE audit_entries TO {runtime}, PUBLIC")
    two_roles.change("GRANT CREATE ON SCHEMA public TO {runtime}, PUBLIC")

    migrate(two_roles.settings())

    require_unprivileged_role(make_settings(two_roles.runtime_url))
    with psycopg.connect(two_roles.runtime_url) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("DELETE FROM audit_entries")


def test_takes_turns_when_several_grant_at_once(two_roles: TwoRoles) -> None:
    migrate(two_roles.settings())
    role = role_of(two_roles.runtime_url)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: grant_use(two_roles.owner_url, role), range(8)))


def test_works_when_nothing_is_for_everybody(two_roles: TwoRoles) -> None:
    two_roles.change("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    two_roles.change("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")

    migrate(two_roles.settings())

    with psycopg.connect(two_roles.runtime_url) as connection:
        assert connection.execute("SELECT procrastinate_register_worker_v1()").fetchone() is not None


@pytest.mark.parametrize("is_said_twice", [False, True])
def test_leaves_the_rights_of_the_owner_when_one_role_does_both(
    is_said_twice: bool, two_roles: TwoRoles
) -> None:
    again = {"migration_database_url": two_roles.owner_url if is_said_twice else None}

    migrate(two_roles.settings(database_url=two_roles.owner_url, **again))

    with psycopg.connect(two_roles.owner_url) as connection:
        connection.execute("TRUNCATE news")
        connection.execute("CREATE TABLE mine ()")


def test_names_the_setting_when_the_role_that_migrates_may_not(two_roles: TwoRoles) -> None:
    with pytest.raises(SettingsError) as refusal:
        migrate(two_roles.settings(migration_database_url=None))

    assert str(refusal.value) == (
        "The role that migrates may not change the schema. Name its owner in PAU2_MIGRATION_DATABASE_URL."
    )


def test_says_what_is_wrong_when_it_is_not_the_role(two_roles: TwoRoles) -> None:
    with psycopg.connect(two_roles.owner_url) as connection:
        connection.execute("CREATE TABLE audit_entries ()")

    with pytest.raises(ProgrammingError, match="already exists"):
        migrate(two_roles.settings())


@pytest.mark.parametrize(
    ("change", "powers"),
    [
        ("ALTER ROLE {runtime} CREATEROLE", "makes roles"),
        ("GRANT CREATE ON SCHEMA public TO {runtime}", "may create in the schema"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "may create in the schema"),
        ("GRANT CREATE ON DATABASE {database} TO {runtime}", "may create schemas"),
        (
            "ALTER ROLE {runtime} NOINHERIT; GRANT {owner} TO {runtime}",
            "owns tables, may create in the schema, may create schemas",
        ),
    ],
)
def test_refuses_to_run_when_the_role_has_a_right_too_many(
    change: LiteralString, powers: str, two_roles: TwoRoles
) -> None:
    migrate(two_roles.settings())
    two_roles.change(change)

    with pytest.raises(SettingsError) as refusal:
        require_unprivileged_role(make_settings(two_roles.runtime_url))

    assert str(refusal.value) == (
        f"The role in DATABASE_URL could change the schema: it {powers}. "
        "Name one there that cannot, and for `migrate` the strong one in PAU2_MIGRATION_DATABASE_URL."
    )


def test_refuses_to_run_when_url_only_switches_to_a_weak_role(database_url: str) -> None:
    """A session can leave a role that it switched to."""
    with pytest.raises(SettingsError, match="owns tables"):
        require_unprivileged_role(make_settings(database_url))


def test_asks_nobody_when_not_in_production() -> None:
    require_unprivileged_role(
        make_settings("postgresql://127.0.0.1:1/none", environment=Environment.DEVELOPMENT)
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_refuses_production_when_role_could_change_the_schema(command: str, fresh_migration_url: str) -> None:
    environment = os.environ | PRODUCTION | {"DATABASE_URL": fresh_migration_url}

    result = subprocess.run(
        [sys.executable, "-m", "app", command],
        cwd=BACKEND,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("The role in DATABASE_URL could change the schema: it ")
    assert len(result.stderr.splitlines()) == 1


def test_starts_in_production_when_role_is_unprivileged(
    two_roles: TwoRoles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.main.configure_logging", lambda *_: None)
    migrate(two_roles.settings())
    for name, value in (PRODUCTION | {"DATABASE_URL": two_roles.runtime_url}).items():
        monkeypatch.setenv(name, value)

    assert create_served_app().title == "PAU 2"

    monkeypatch.setenv("DATABASE_URL", two_roles.owner_url)
    with pytest.raises(SettingsError):
        create_served_app()


async def test_limits_sessions_without_options_when_pooled(two_roles: TwoRoles) -> None:
    two_roles.change("ALTER DATABASE {database} SET timezone = 'Europe/Madrid'")
    settings = two_roles.settings(database_pooled=True, database_lock_timeout=1.5)
    with pytest.raises(SettingsError, match=r"lack our TimeZone, statement_timeout"):
        check_database(settings)

    migrate(settings)

    check_database(settings)
    async with open_database(settings) as database, database.snapshot() as connection:
        shown = [await connection.scalar(text(f"SHOW {name}")) for name in ("timezone", "lock_timeout")]
    assert shown == ["UTC", "1500ms"]


async def test_jobs_run_when_the_database_is_pooled(two_roles: TwoRoles) -> None:
    migrate(two_roles.settings())
    settings = two_roles.settings(database_pooled=True)

    await run_worker(settings, clock=FixedClock(), until_idle=True)

    async with open_database(settings) as database, database.snapshot() as connection:
        assert (
            await connection.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"))
            == 0
        )


def test_refuses_to_migrate_when_only_the_pooler_is_named(two_roles: TwoRoles) -> None:
    with pytest.raises(SettingsError, match="PAU2_MIGRATION_DATABASE_URL"):
        migrate(two_roles.settings(migration_database_url=None, database_pooled=True))


@pytest.mark.parametrize("environment", [Environment.DEVELOPMENT, Environment.TEST])
def test_starts_before_the_database_when_not_in_production(environment: Environment) -> None:
    check_database(make_settings("postgresql://127.0.0.1:1/nothing", environment=environment))


def test_does_not_start_before_the_database_when_in_production() -> None:
    with pytest.raises(UnavailableError):
        check_database(make_settings("postgresql://127.0.0.1:1/nothing"))
