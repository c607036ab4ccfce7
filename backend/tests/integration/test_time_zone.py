"""Every session is in UTC, whatever the time zones of server, database, role and process."""

import os
import subprocess
import sys

import psycopg
import pytest
from psycopg import sql

from tests.plugins.database import BACKEND, database_of

ZONES = """
import asyncio
import os

from sqlalchemy import text

from app.core.database import open_database, open_connection
from app.core.settings import load_settings
from app.infrastructure.jobs.worker import create_worker

SHOW = "SHOW timezone"
settings = load_settings()
url = settings.database_url.get_secret_value()


async def zones():
    async with open_database(settings) as database, database.reads() as one, database.snapshot() as two:
        yield (await (await one.execute(SHOW.encode())).fetchone())[0]
        yield await two.scalar(text(SHOW))
    async with database.sessions() as session:
        yield await session.scalar(text(SHOW))
    async with create_worker(url, {}).open_async() as worker:
        yield (await worker.connector.execute_query_one_async(SHOW))["TimeZone"]
    with open_connection(url) as connection:
        yield connection.scalar(text(SHOW))


async def collect():
    return [zone async for zone in zones()]


print(*asyncio.run(collect()))
"""


MIGRATION = """
import sys

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.infrastructure.database.migrations import PYPROJECT

config = Config(toml_file=PYPROJECT)
script = ScriptDirectory.from_config(config)


def ask(_revision, context):
    context.connection.execute(text(sys.argv[1]))
    return []


with EnvironmentContext(config, script, fn=ask):
    script.run_env()
"""


@pytest.fixture
def in_madrid(fresh_migration_url: str, fresh_database_url: str) -> str:
    """A database whose sessions are in Madrid's zone by default."""
    change = sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET timezone = 'Europe/Madrid'")
    with psycopg.connect(fresh_migration_url, autocommit=True) as connection:
        connection.execute(change.format(sql.Identifier(database_of(fresh_migration_url))))
    with psycopg.connect(fresh_database_url) as connection:
        assert connection.info.parameter_status("TimeZone") == "Europe/Madrid"
    return fresh_database_url


@pytest.mark.parametrize("variables", [{}, {"TZ": "Europe/Madrid", "PGTZ": "Europe/Madrid"}])
def test_connects_in_utc_when_role_and_process_are_not(variables: dict[str, str], in_madrid: str) -> None:
    environment = os.environ | {"DATABASE_URL": in_madrid} | variables

    run = subprocess.run(
        [sys.executable, "-c", ZONES],
        cwd=BACKEND,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.stdout.split(), run.stderr) == (["UTC"] * 5, "")


def test_migrates_in_utc_when_role_and_process_are_not(in_madrid: str) -> None:
    environment = os.environ | {"DATABASE_URL": in_madrid, "PGTZ": "Europe/Madrid"}
    script = "SELECT 1 / (current_setting('timezone') = 'UTC')::int"

    run = subprocess.run(
        [sys.executable, "-c", MIGRATION, script],
        cwd=BACKEND,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
