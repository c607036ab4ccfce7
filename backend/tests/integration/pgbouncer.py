"""The application behind Debian's PgBouncer in transaction mode.

pytest does not collect this file by default, because it needs that program: run `apt-get install pgbouncer`,
then `./noxw -s pgbouncer`.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from email import message_from_bytes
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
from tests.plugins.database import BACKEND, MigratedDatabases, database_of
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
WORKER_POLLS_SECONDS = 6
"""Longer than the time after which a worker looks for jobs again."""
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
def ports() -> tuple[int, int]:
    """Two free ports."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


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
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


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


def start(settings: Settings, *command: str) -> subprocess.Popen[bytes]:
    """Start a process of the application, which prints to our standard error."""
    assert settings.migration_database_url is not None
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "PAU2_MIGRATION_DATABASE_URL": settings.migration_database_url.get_secret_value(),
        "PAU2_DATABASE_POOLED": "true",
        "PAU2_DATABASE_CHECKOUT_TIMEOUT": str(settings.database_checkout_timeout),
        "PAU2_DATABASE_STATEMENT_TIMEOUT": str(settings.database_statement_timeout),
        "PAU2_MAIL_FOLDER": str(settings.mail_folder),
        "PAU2_LOG_LEVEL": "WARNING",
    }
    arguments = [sys.executable, "-m", "app", *command]
    return subprocess.Popen(arguments, cwd=BACKEND, env=os.environ | environment)


@pytest.fixture
def processes(settings: Settings, ports: tuple[int, int]) -> Iterator[None]:
    """Two API processes and two workers behind one PgBouncer that has three connections."""
    migrate(settings)
    running = [start(settings, "serve", "--port", str(port)) for port in ports]
    running += [start(settings, "worker") for _ in range(2)]
    for port in ports:
        _wait_until_it_listens(port)
    yield
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=60)


@pytest.mark.usefixtures("processes")
def test_sends_each_mail_once_when_all_parts_run_twice(settings: Settings, ports: tuple[int, int]) -> None:
    people = [f"vecina{number}@pau2.example" for number in range(16)]

    async def register(number: int, email: str) -> tuple[int, int]:
        url = f"http://127.0.0.1:{ports[number % 2]}"
        body = {"email": email, "password": PASSWORD, "full_name": "Vecina"}
        async with AsyncClient(base_url=url, timeout=60) as client:
            registered = await client.post("/api/v1/auth/register", json=body)
            listed = await client.get(NEWS)
        return registered.status_code, listed.status_code

    async def register_all() -> list[tuple[int, int]]:
        return await asyncio.gather(*(register(*person) for person in enumerate(people)))

    assert set(asyncio.run(register_all())) == {(202, 200)}
    assert mailed_recipients(settings.mail_folder, len(people)) == sorted(people)


def mailed_recipients(folder: Path, expected: int) -> list[str]:
    """Return who has got a mail, once as many as expected are there and the workers had time for more."""
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.eml"))) < expected and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(WORKER_POLLS_SECONDS)
    mails = (message_from_bytes(path.read_bytes()) for path in folder.glob("*.eml"))
    return sorted(str(mail["To"]) for mail in mails)
