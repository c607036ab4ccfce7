"""The commands of docs/operations.md, "Backup and restore": dump one database, restore it into a new one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient
from psycopg import sql

from app.core.settings import Environment
from app.infrastructure.database.migrations import migrate
from app.infrastructure.database.startup import check_database
from app.main import create_app
from devtools import programs
from tests.factories import PASSWORD, make_settings
from tests.plugins.database import BACKEND, MigratedDatabases, database_of
from tests.support.http import TOKEN

ADMINISTRATOR = "ana@pau2.example"
EVERYTHING_AUDITED = "SELECT id, action FROM audit_entries ORDER BY id"


@dataclass(frozen=True)
class Deployment:
    """The address of an empty database as its owner, and as the role that runs."""

    owner_url: str
    runtime_url: str


@pytest.fixture
def deployments(migrated_databases: MigratedDatabases) -> Iterator[tuple[Deployment, Deployment]]:
    """Two empty databases with the same two roles."""
    scratch = migrated_databases.scratch
    urls = scratch.create_database(), scratch.create_database()
    owner = scratch.create_role(urls[0])
    runtime = scratch.create_role(urls[0])
    for url in urls:
        names = (sql.Identifier(database_of(url)), sql.Identifier(urlsplit(owner).username or ""))
        scratch.admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*names))
    first, second = (
        Deployment(*(role.replace(database_of(urls[0]), database_of(url), 1) for role in (owner, runtime)))
        for url in urls
    )
    yield first, second
    for url in urls:
        scratch.drop_database(database_of(url))


def program(name: str) -> str:
    return str(programs.installed_package() / programs.BINARIES / name)


def make_administrator(deployment: Deployment) -> None:
    command = ["create-admin", "--email", ADMINISTRATOR, "--full-name", "Ana"]
    subprocess.run(
        [sys.executable, "-m", "app", *command],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": deployment.runtime_url},
        input=PASSWORD,
        text=True,
        check=True,
    )


def back_up(url: str, dump: Path) -> None:
    subprocess.run([program("pg_dump"), "--format", "custom", "--file", str(dump), url], check=True)


def errors_of_restoring(dump: Path, url: str) -> list[str]:
    """Return the errors of restoring, except about `transaction_timeout`, which older servers do not know."""
    restore = [program("pg_restore"), "--no-owner", "--no-privileges", "--dbname", url, str(dump)]
    said = subprocess.run(restore, capture_output=True, text=True, check=False).stderr
    return [line for line in said.splitlines() if "error:" in line and "transaction_timeout" not in line]


def audited(deployment: Deployment) -> list[tuple[object, ...]]:
    with psycopg.connect(deployment.owner_url) as connection:
        return connection.execute(EVERYTHING_AUDITED).fetchall()


async def test_logs_in_and_keeps_the_audit_log_when_restored(
    deployments: tuple[Deployment, Deployment], tmp_path: Path
) -> None:
    lost, restored = deployments
    migrate(
        make_settings(lost.runtime_url, environment=Environment.TEST, migration_database_url=lost.owner_url)
    )
    make_administrator(lost)
    dump = tmp_path / "pau2.dump"
    back_up(lost.owner_url, dump)

    errors = errors_of_restoring(dump, restored.owner_url)
    settings = make_settings(restored.runtime_url, migration_database_url=restored.owner_url)
    migrate(settings.model_copy(update={"environment": Environment.TEST}))
    check_database(settings)

    credentials = {"grant_type": "password", "username": ADMINISTRATOR, "password": PASSWORD}
    app = create_app(settings)
    transport = ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        response = await client.post(TOKEN, data=credentials)
    assert errors == []
    assert response.status_code == 200
    assert audited(restored)[: len(audited(lost))] == audited(lost) != []
