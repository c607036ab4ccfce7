"""Jobs in a real queue, mail over real SMTP."""

import json
import logging
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.handlers import Message as Handler
from procrastinate.schema import SchemaManager
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.idempotency import RETENTION, IdempotentRequest, StoredResponse, delete_expired_responses
from app.application.registrations import Registration, register_member, verify_email
from app.application.retention import delete_expired_credentials
from app.core.database import create_database, create_engine
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings
from app.domain.members.contact_details import EmailAddress
from app.infrastructure.database.idempotency import SqlAlchemyStoredResponses
from app.infrastructure.database.idempotent_unit_of_work import SqlAlchemyIdempotentUnitOfWork
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.jobs.worker import create_worker, run_worker
from app.infrastructure.security.signed_tokens import HmacOneTimeTokens
from tests.factories import PASSWORD, make_member
from tests.fakes import FakePasswordHasher, FixedClock
from tests.integration.smtp_server import Refusing, smtp_server

ADDRESS = EmailAddress("marta-canary@pau2.example")
REGISTRATION = Registration(email=ADDRESS, password=PASSWORD, full_name="Marta Canary", client="203.0.113.7")


class Mailbox(Handler):
    """The mails that an SMTP server accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message_from_bytes(bytes(message), policy=default))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def smtp_url(mailbox: Mailbox) -> AsyncIterator[str]:
    async with smtp_server(mailbox) as url:
        yield url


class JobDriver:
    """A database with real commits, and a worker that runs its jobs."""

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self.settings = settings
        self.engine = engine
        self.clock = FixedClock()
        self.sessions = create_database(engine).sessions
        self.uow = SqlAlchemyUnitOfWork(self.sessions)

    async def register(self, uow: SqlAlchemyUnitOfWork | None = None) -> None:
        hasher = FakePasswordHasher()
        await register_member(REGISTRATION, uow=uow or self.uow, clock=self.clock, hasher=hasher)

    async def work(self, **settings: object) -> None:
        """Run every due job, with these settings changed."""
        changed = self.settings.model_copy(update=settings)
        await run_worker(changed, clock=self.clock, until_idle=True)

    async def execute(self, query: str) -> list[Any]:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(query))
            return list(result) if result.returns_rows else []

    async def jobs(self) -> list[Any]:
        """Return the application's jobs, without periodic ones."""
        return await self.execute(
            """SELECT task_name, status::text, attempts, scheduled_at > now() AS later, args
            FROM procrastinate_jobs WHERE task_name LIKE 'Send%' ORDER BY id"""
        )


@pytest.fixture
async def driver(fresh_database_url: str) -> AsyncIterator[JobDriver]:
    settings = Settings(
        environment=Environment.TEST,
        database_url=SecretStr(fresh_database_url),
        smtp_url=SecretStr("smtp://127.0.0.1:1"),  # nothing listens here
    )
    engine = create_engine(settings)
    yield JobDriver(settings, engine)
    await engine.dispose()


async def test_delivers_mail_with_valid_token_when_registering(
    driver: JobDriver, mailbox: Mailbox, smtp_url: str
) -> None:
    await driver.register()

    await driver.work(smtp_url=SecretStr(smtp_url))

    (mail,) = mailbox.mails
    assert (mail["X-RcptTo"], mail["To"]) == (ADDRESS.value, ADDRESS.value)
    assert await driver.jobs() == []
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"token=(\S+)", body.get_content())
    assert found is not None
    tokens = HmacOneTimeTokens(driver.settings.token_secrets)
    await verify_email(found[1], uow=driver.uow, clock=driver.clock, tokens=tokens)
    async with driver.uow as uow:
        member = await uow.members.find_by_email(ADDRESS)
    assert member is not None
    assert member.may_log_in


async def test_owner_gets_a_notice_when_somebody_registers_again(
    driver: JobDriver, mailbox: Mailbox, smtp_url: str
) -> None:
    await driver.register()
    await driver.execute("UPDATE members SET email_verified_at = now()")
    await driver.register()

    await driver.work(smtp_url=SecretStr(smtp_url))

    subjects = sorted(mail["Subject"] for mail in mailbox.mails)
    assert subjects == ["Confirm your e-mail address", "You already have an account"]


async def test_waits_and_tries_again_when_the_mail_server_is_down(
    driver: JobDriver, mailbox: Mailbox, smtp_url: str
) -> None:
    await driver.register()

    await driver.work()

    (job,) = await driver.jobs()
    assert (job.status, job.attempts, job.later) == ("todo", 1, True)
    await driver.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    await driver.work(smtp_url=SecretStr(smtp_url))
    assert mailbox.mails[0]["Message-ID"].startswith(f"<{job.args['token_id']}@")


@pytest.mark.parametrize(
    ("reply", "status", "later", "logged"),
    [
        ("550 5.1.1 marta-canary@pau2.example: no such user", "failed", None, [550]),
        ("452 4.2.2 marta-canary@pau2.example: mailbox full", "todo", True, []),
    ],
)
async def test_retries_or_gives_up_by_reply_code_when_mail_is_refused(
    *,
    reply: str,
    status: str,
    later: bool | None,
    logged: list[int],
    driver: JobDriver,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Abandoned jobs stay in the table and the log, without the server's reply, which names people."""
    await driver.register()
    handlers = logging.getLogger().handlers
    async with smtp_server(Refusing(RCPT=reply)) as url:
        try:
            configure_logging("INFO")
            await driver.work(smtp_url=SecretStr(url))
        finally:
            logging.getLogger().handlers = handlers

    [job] = await driver.jobs()
    assert (job.status, job.attempts, job.later) == (status, 1, later)
    written = capfd.readouterr().err
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    failures = [line for line in lines if line["event"] == "job_failed"]
    assert [line["code"] for line in failures] == logged
    assert all((line["job"], line["attempt"]) == ("SendOneTimeToken", 1) for line in failures)
    assert "anary" not in written


async def test_logs_abandoned_job_when_attempts_are_exhausted(
    driver: JobDriver, capfd: pytest.CaptureFixture[str]
) -> None:
    await driver.register()
    await driver.execute("UPDATE procrastinate_jobs SET attempts = 8")
    handlers = logging.getLogger().handlers
    try:
        configure_logging("INFO")
        await driver.work()
    finally:
        logging.getLogger().handlers = handlers

    [job] = await driver.jobs()
    assert job.status == "failed"
    assert '"event": "job_failed"' in capfd.readouterr().err


async def test_another_worker_sends_the_mail_when_one_died(
    driver: JobDriver, mailbox: Mailbox, smtp_url: str
) -> None:
    await driver.register()
    await driver.execute(
        """SELECT fetched.id FROM procrastinate_register_worker_v1() AS worker,
        procrastinate_fetch_job_v2(NULL, worker.worker_id) AS fetched"""
    )
    await driver.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'")
    (job,) = await driver.jobs()
    assert job.status == "doing"

    await _retry_stalled_jobs(driver.settings)
    await driver.work(smtp_url=SecretStr(smtp_url))

    assert len(mailbox.mails) == 1
    assert await driver.jobs() == []


async def _retry_stalled_jobs(settings: Settings) -> None:
    """Do what the worker does each minute."""
    worker = create_worker(settings.database_url.get_secret_value(), {})
    async with worker.open_async():
        await worker.tasks["retry_stalled_jobs"](timestamp=0)


async def test_forgets_old_answers_when_the_hour_comes(driver: JobDriver) -> None:
    member = make_member()
    async with driver.uow:
        driver.uow.members.add(member)
        await driver.uow.commit()
    idempotent_request = IdempotentRequest.of(member.id, route="r", key="k", path="/", body=b"")
    unit = SqlAlchemyIdempotentUnitOfWork(driver.sessions, idempotent_request, clock=driver.clock)
    async with unit:
        await unit.commit()
    await unit.complete(StoredResponse(201, {}, b"{}"))
    driver.clock.move(RETENTION)
    responses = SqlAlchemyStoredResponses(driver.sessions)
    forget = partial(delete_expired_responses, responses=responses, clock=driver.clock)
    worker = create_worker(driver.settings.database_url.get_secret_value(), {}, hourly={"forget": forget})

    assert "7 * * * *" in {task.cron for task in worker.periodic_registry.periodic_tasks.values()}
    await worker.tasks["forget"](timestamp=0)

    assert await driver.execute("SELECT * FROM idempotency_records") == []


async def test_stores_no_job_when_unit_of_work_is_not_committed(driver: JobDriver) -> None:
    class LostUnitOfWork(SqlAlchemyUnitOfWork):
        async def commit(self) -> None:
            await self.flush()

    await driver.register(LostUnitOfWork(driver.sessions))
    assert await driver.jobs() == []

    await driver.register()
    assert len(await driver.jobs()) == 1


async def test_logs_name_no_person_when_jobs_fail_and_succeed(
    driver: JobDriver, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handlers = logging.getLogger().handlers
    try:
        configure_logging("INFO")
        await driver.register()
        await driver.work()
        await driver.execute("UPDATE members SET email_verified_at = now()")
        await driver.register()
        await driver.work(smtp_url=None, mail_folder=tmp_path)
    finally:
        logging.getLogger().handlers = handlers

    written = capfd.readouterr().err
    assert "SendOneTimeToken" in written
    assert "SendAccountExistsNotice" in written
    assert "anary" not in written


def test_frozen_schema_is_what_the_library_wants_when_compared(migration_url: str) -> None:
    """A new release of procrastinate may need a revision here; its sql/migrations tell."""
    with psycopg.connect(migration_url) as connection:
        connection.execute("CREATE SCHEMA wanted")
        connection.execute("SET LOCAL search_path TO wanted")
        connection.execute(SchemaManager.get_schema())
        ours, wanted = (_shape(connection, schema) for schema in ("public", "wanted"))
        connection.rollback()

    assert ours == wanted
    assert len(ours) > 50


def _shape(connection: psycopg.Connection, schema: str) -> set[tuple[str, ...]]:
    """Return functions, columns, indexes, triggers and enum values of the queue in one schema."""
    queries = (
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = %s::regnamespace",
        """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = %s::regnamespace AND a.attnum > 0""",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s",
        """SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %s::regnamespace AND NOT tgisinternal""",
        """SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
        WHERE t.typnamespace = %s::regnamespace""",
    )
    rows = [row for query in queries for row in connection.execute(query, [schema]).fetchall()]
    plain = [tuple(str(value).replace(f"{schema}.", "") for value in row) for row in rows]
    return {row for row in plain if "procrastinate" in row[0]}


async def test_deletes_registration_when_unverified_for_a_month(driver: JobDriver) -> None:
    proven = make_member()
    async with driver.uow:
        driver.uow.members.add(proven)
        await driver.uow.commit()
    await driver.register()
    driver.clock.move(timedelta(days=30))
    await delete_expired_credentials(uow=driver.uow, clock=driver.clock)
    assert await driver.execute("SELECT 1 FROM members WHERE erased_at IS NOT NULL") == []

    driver.clock.move(timedelta(seconds=1))
    await delete_expired_credentials(uow=driver.uow, clock=driver.clock)

    kept = await driver.execute("SELECT full_name, erased_at IS NULL FROM members ORDER BY full_name")
    assert kept == [("Erased member", False), (proven.full_name, True)]
    assert await driver.execute("SELECT 1 FROM one_time_tokens") == []
    assert await driver.jobs() == []
    await driver.register()
    assert len(await driver.jobs()) == 1


async def test_forgets_old_proofs_when_the_hour_comes(driver: JobDriver) -> None:
    await driver.execute(
        """INSERT INTO login_attempts
        VALUES ('old', 3, '2026-11-22 09:29Z'), ('current', 3, '2026-11-22 09:31Z')"""
    )

    async def due() -> None:
        await delete_expired_credentials(uow=driver.uow, clock=driver.clock)

    worker = create_worker(
        driver.settings.database_url.get_secret_value(), {}, hourly={"delete_expired_credentials": due}
    )
    async with worker.open_async():
        await worker.tasks["delete_expired_credentials"](timestamp=0)

    assert len(await driver.execute("SELECT * FROM login_attempts")) == 1
