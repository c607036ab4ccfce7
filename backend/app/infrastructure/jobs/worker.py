"""The worker, which runs the jobs that units of work have deferred."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector, signals

from app.application.consultations import follow_schedule
from app.application.email_changes import (
    OLD_ADDRESS_TEMPLATES,
    send_email_change_notice,
    send_email_change_token,
)
from app.application.idempotency import delete_expired_responses
from app.application.jobs import (
    Job,
    SendEmailChangeNotice,
    SendEmailChangeToken,
    SendNotice,
    SendOneTimeToken,
)
from app.application.notices import NOTICES, send_notice
from app.application.one_time_tokens import send_one_time_token
from app.application.ports import Clock
from app.application.retention import delete_expired_credentials
from app.core.database import Database, conninfo, open_database, sqlalchemy_url, with_session
from app.core.logging import get_logger
from app.core.settings import Settings
from app.domain.errors import UnavailableError
from app.infrastructure.database.errors import domain_error_for
from app.infrastructure.database.idempotency import SqlAlchemyStoredResponses
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.jobs.retries import RETRY
from app.infrastructure.mail.mailer import create_mailer
from app.infrastructure.security.signed_tokens import HmacEmailChangeTokens, HmacOneTimeTokens

Handler = Callable[[Any], Awaitable[None]]
PeriodicTask = Callable[[], Awaitable[None]]

CONCURRENT_JOBS = 5
SHUTDOWN_SECONDS = 20
STABLE_AFTER_SECONDS = 60
"""A run of this many seconds had a database: a failed connection takes half of this time."""
RESTART_DELAY_SECONDS = 1

_log = get_logger()


async def run_worker(settings: Settings, *, clock: Clock, until_idle: bool = False) -> None:
    """Run jobs until SIGINT or SIGTERM, or until no job is due.

    Jobs that succeed are deleted; jobs that fail permanently stay for the operator. Raises
    UnavailableError when the database is unavailable for longer than the settings allow.
    """
    async with open_database(settings) as database:
        worker = _worker(settings, database, clock)
        if until_idle:
            await _run(worker, wait=False, listens=False)
            return
        running = asyncio.create_task(_keep_running(worker, settings))
        with signals.on_stop(lambda: _cancel(running)), suppress(asyncio.CancelledError):
            await running


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def _keep_running(worker: App, settings: Settings) -> None:
    """Restart after the connection was lost; procrastinate then ends, with or without an error."""
    loop = asyncio.get_running_loop()
    timeout = settings.worker_reconnect_timeout
    deadline = loop.time() + timeout
    while True:
        began = loop.time()
        try:
            await _run(worker, wait=True, listens=not settings.database_pooled)
        except Exception as error:
            if domain_error_for(error) is not UnavailableError:
                raise
        if loop.time() - began > STABLE_AFTER_SECONDS:
            deadline = loop.time() + timeout
        if loop.time() >= deadline:
            raise UnavailableError
        _log.warning("the worker has lost the database and connects again")
        await asyncio.sleep(RESTART_DELAY_SECONDS)


async def _run(worker: App, *, wait: bool, listens: bool) -> None:
    """Poll for jobs every five seconds. With `listens`, new jobs also notify, which needs a session."""
    async with worker.open_async():
        await worker.run_worker_async(
            wait=wait,
            listen_notify=listens,
            concurrency=CONCURRENT_JOBS,
            delete_jobs="successful",
            shutdown_graceful_timeout=SHUTDOWN_SECONDS,
            install_signal_handlers=False,
        )


def _worker(settings: Settings, database: Database, clock: Clock) -> App:
    """Bind each job and each periodic task to its use case."""
    uow = partial(SqlAlchemyUnitOfWork, database.sessions)
    mailer = create_mailer(settings, clock=clock)
    tokens = HmacOneTimeTokens(settings.token_secrets)
    change_tokens = HmacEmailChangeTokens(settings.token_secrets)

    async def one_time_token(job: SendOneTimeToken) -> None:
        await send_one_time_token(job, uow=uow(), clock=clock, tokens=tokens, mailer=mailer)

    async def notice(job: SendNotice) -> None:
        await send_notice(job, uow=uow(), mailer=mailer)

    async def email_change_token(job: SendEmailChangeToken) -> None:
        await send_email_change_token(job, uow=uow(), clock=clock, tokens=change_tokens, mailer=mailer)

    async def email_change_notice(job: SendEmailChangeNotice) -> None:
        await send_email_change_notice(job, uow=uow(), mailer=mailer)

    handlers: dict[type[Job], Handler] = {
        SendOneTimeToken: one_time_token,
        **dict.fromkeys(NOTICES, notice),
        SendEmailChangeToken: email_change_token,
        **dict.fromkeys(OLD_ADDRESS_TEMPLATES, email_change_notice),
    }

    responses = SqlAlchemyStoredResponses(database.sessions)
    return create_worker(
        settings.database_url.get_secret_value(),
        handlers,
        every_minute={"follow_schedule": lambda: follow_schedule(uow=uow())},
        hourly={
            "forget_old_proofs": lambda: delete_expired_credentials(uow=uow(), clock=clock),
            "forget_old_answers": lambda: delete_expired_responses(responses=responses, clock=clock),
        },
        pooled=settings.database_pooled,
    )


def create_worker(
    database_url: str,
    handlers: Mapping[type[Job], Handler],
    every_minute: Mapping[str, PeriodicTask] = MappingProxyType({}),
    hourly: Mapping[str, PeriodicTask] = MappingProxyType({}),
    *,
    pooled: bool = False,
) -> App:
    """Return a procrastinate application with one task for each type of job, named after it.

    `every_minute` and `hourly` are periodic tasks. While one waits to run, it is not queued again.
    """
    url = sqlalchemy_url(database_url)
    connector = PsycopgConnector(
        conninfo=conninfo(url if pooled else with_session(url)),
        kwargs={"prepare_threshold": None} if pooled else {},
    )
    worker = App(connector=connector)
    for job_type, handler in handlers.items():
        worker.task(name=job_type.__name__, retry=RETRY)(_task(job_type, handler))

    async def retry_stalled_jobs() -> None:
        """Requeue the jobs of dead workers (without a heartbeat for 30 s)."""
        for job in await worker.job_manager.get_stalled_jobs():
            await worker.job_manager.retry_job(job)

    for name, task in {"retry_stalled_jobs": retry_stalled_jobs, **every_minute}.items():
        _repeat(worker, "* * * * *", name, task)
    for name, task in hourly.items():
        _repeat(worker, "7 * * * *", name, task)
    return worker


def _task(job_type: type[Job], handler: Handler) -> Callable[..., Awaitable[None]]:
    async def run(**ids: str) -> None:
        await handler(job_type(**{name: UUID(text) for name, text in ids.items()}))

    return run


def _repeat(worker: App, cron: str, name: str, task: PeriodicTask) -> None:
    @worker.periodic(cron=cron)
    @worker.task(name=name, queueing_lock=name)
    async def run(timestamp: int) -> None:
        del timestamp  # the due time, which every periodic task receives
        await task()
