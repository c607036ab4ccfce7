"""The application behind Debian's PgBouncer in transaction mode.

pytest does not collect this file by default, because it needs that program: run `apt-get install pgbouncer`,
then `./noxw -s pgbouncer`.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient
from psycopg import sql
from sqlalchemy import text

from app.application.registrations import Registration, register_member
from app.core.database import open_database
from app.core.settings import Settings, SettingsError
from app.domain.members.contact_details import EmailAddress
from app.infrastructure.database.migrations import migrate
from app.infrastructure.database.startup import check_database
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.jobs.worker import run_worker
from app.main import create_app
from tests.factories import PASSWORD, make_settings
from tests.fakes import FakePasswordHasher, FixedClock
from tests.plugins.database import MigratedDatabases, database_of
from tests.support.http import NEWS

CONFIGURATION = """
[databases]
{database} = host={host} port={port} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listens}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 3
"""
ADDRESS = EmailAddress("marta-canary@pau2.example")
REGISTRATION = Registration(email=ADDRESS, password=PASSWORD, full_name="Marta Canary", client="203.0.113.7")


@pytest.fixture
def urls(migrated_databases: MigratedDatabases) -> Iterator[tuple[str, str]]:
    """Addresses of an empty database as its owner and as the runtime role.

    Its sessions are in Madrid's zone.
    """
    scratch = migrated_databases.scratch
    admin = scratch.create_database()
    owner = scratch.create_role(admin)
    runtime = scratch.create_role(admin)
    names = [sql.Identifier(database_of(admin)), sql.Identifier(urlsplit(owner).username or "")]
    scratch.admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*names))
    scratch.admin.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'Europe/Madrid'").format(names[0]))
    yield owner, runtime
    scratch.drop_database(database_of(admin))


@pytest.fixture
def pooled_url(urls: tuple[str, str], port: int) -> Iterator[str]:
    """The address of the runtime role through PgBouncer."""
    parts = urlsplit(urls[1])
    with psycopg.connect(urls[1]) as connection:
        host = connection.info.host
        server_port = connection.info.port
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "users.txt").write_text(f'"{parts.username}" "{parts.password}"\n', encoding="utf-8")
    written = CONFIGURATION.format(
        database=database_of(urls[1]), host=host, port=server_port, listens=port, folder=folder
    )
    (folder / "pgbouncer.ini").write_text(written, encoding="utf-8")
    command = ["pgbouncer", "--quiet", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # the application refuses to run as the owner
        command[1:1] = ["--user", Path(host).owner() if host.startswith("/") else "nobody"]
    with subprocess.Popen(command) as process:
        _wait_until_it_listens(port)
        netloc = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        yield urlunsplit(parts._replace(netloc=netloc, query=""))
        process.terminate()
    shutil.rmtree(folder)


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("PgBouncer does not listen")


@pytest.fixture
def settings(urls: tuple[str, str], pooled_url: str, tmp_path: Path) -> Settings:
    return make_settings(
        pooled_url,
        environment="test",
        migration_database_url=urls[0],
        database_pooled=True,
        database_checkout_timeout=60,  # generous: the machine may be busy
        database_statement_timeout=60,
        smtp_url=None,
        mail_folder=tmp_path,
    )


def test_refuses_when_the_pooler_is_not_declared(settings: Settings) -> None:
    undeclared = settings.model_copy(update={"database_pooled": False})

    with pytest.raises(SettingsError, match="PAU2_DATABASE_POOLED=true"):
        check_database(undeclared)


def test_refuses_when_the_role_has_no_limits(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"TimeZone, statement_timeout.*Run `migrate`"):
        check_database(settings)


async def test_serves_and_mails_within_limits_and_in_utc_when_migrated(settings: Settings) -> None:
    migrate(settings)
    check_database(settings)
    async with AsyncExitStack() as stack:
        app = create_app(settings)
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = await stack.enter_async_context(
            AsyncClient(transport=ASGITransport(app), base_url="http://test")
        )
        database = await stack.enter_async_context(open_database(settings))

        responses = [
            response
            for _ in range(20)
            for response in await asyncio.gather(*(client.get(NEWS) for _ in range(10)))
        ]
        uow = SqlAlchemyUnitOfWork(database.sessions)
        await register_member(REGISTRATION, uow=uow, clock=FixedClock(), hasher=FakePasswordHasher())
        await run_worker(settings, clock=FixedClock(), until_idle=True)

        async with database.snapshot() as connection:
            shown = [await connection.scalar(text(f"SHOW {name}")) for name in ("timezone", "lock_timeout")]
    assert {response.status_code for response in responses} == {200}
    assert shown == ["UTC", "2s"]
    assert len(list(settings.mail_folder.glob("*.eml"))) == 1
