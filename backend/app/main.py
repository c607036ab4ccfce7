"""The composition root: the only module that imports every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from fastapi import FastAPI

from app.application.demo import seed_demo
from app.application.exports import Exporter
from app.application.ports import Clock, SessionTokens
from app.application.setup import AdminRequest, create_admin
from app.core.clock import SystemClock
from app.core.database import Database, create_database, create_engine, create_replica_engine, open_database
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings, load_settings
from app.infrastructure.database import migrations
from app.infrastructure.database.audit_queries import SqlAlchemyAuditQueries
from app.infrastructure.database.authentication import SqlAlchemyAuthenticator
from app.infrastructure.database.calendar_addresses import SqlAlchemyCalendarAddressQueries
from app.infrastructure.database.consultations_queries import SqlAlchemyConsultationQueries
from app.infrastructure.database.demo_members import SqlAlchemyDemoMembers
from app.infrastructure.database.errors import with_domain_errors
from app.infrastructure.database.events_queries import SqlAlchemyEventQueries
from app.infrastructure.database.exports import SqlAlchemyExportSource
from app.infrastructure.database.idempotent_unit_of_work import SqlAlchemyIdempotentUnitOfWork
from app.infrastructure.database.members_queries import SqlAlchemyMemberQueries
from app.infrastructure.database.news_queries import SqlAlchemyNewsQueries
from app.infrastructure.database.personal_data import SqlAlchemyPersonalDataQueries
from app.infrastructure.database.readiness import SqlAlchemyReadiness
from app.infrastructure.database.replica import choose_public_reads
from app.infrastructure.database.sessions_queries import SqlAlchemySessionQueries
from app.infrastructure.database.startup import check_database
from app.infrastructure.database.system_load import SqlAlchemyLoadGauge
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.exports.formats import create_encoders
from app.infrastructure.jobs.worker import run_worker
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.address_digests import HmacAddressDigests
from app.infrastructure.security.passwords import Argon2PasswordHasher
from app.infrastructure.security.signed_tokens import (
    HmacEmailChangeTokens,
    HmacOneTimeTokens,
    HmacRefreshTokens,
)
from app.presentation.cli import Commands, create_cli
from app.presentation.http import cross_origin, docs, errors, oauth
from app.presentation.http.dependencies import Dependencies, ShutdownState
from app.presentation.http.metrics import Metrics
from app.presentation.http.middleware import RequestContextMiddleware
from app.presentation.http.proxies import ProxyMiddleware
from app.presentation.http.routers import ROUTERS


def create_dependencies(settings: Settings, database: Database, clock: Clock) -> Dependencies:
    reads = with_domain_errors(database.reads)
    snapshot = with_domain_errors(database.snapshot)
    public_reads = choose_public_reads(database.replica_reads, reads, settings.database_replica_max_lag)
    secrets = settings.token_secrets
    tokens = SessionTokens(JwtAccessTokens(secrets, clock=clock), HmacRefreshTokens(secrets))
    return Dependencies(
        uow=partial(SqlAlchemyUnitOfWork, database.sessions),
        idempotent_uow=partial(SqlAlchemyIdempotentUnitOfWork, database.sessions, clock=clock),
        clock=clock,
        authenticator=SqlAlchemyAuthenticator(reads, tokens=tokens.access, clock=clock),
        hasher=Argon2PasswordHasher(),
        session_tokens=tokens,
        one_time_tokens=HmacOneTimeTokens(secrets),
        email_change_tokens=HmacEmailChangeTokens(secrets),
        address_digests=HmacAddressDigests(secrets),
        member_queries=SqlAlchemyMemberQueries(reads),
        news_queries=SqlAlchemyNewsQueries(reads, public_reads=public_reads),
        consultation_queries=SqlAlchemyConsultationQueries(reads),
        event_queries=SqlAlchemyEventQueries(reads, public_reads=public_reads),
        session_queries=SqlAlchemySessionQueries(reads, clock=clock),
        calendar_address_queries=SqlAlchemyCalendarAddressQueries(reads),
        personal_data_queries=SqlAlchemyPersonalDataQueries(snapshot),
        exporter=Exporter(SqlAlchemyExportSource(snapshot), create_encoders(settings.zone)),
        audit_queries=SqlAlchemyAuditQueries(reads),
        readiness=SqlAlchemyReadiness(reads, head=migrations.head_revision()),
        load_gauge=SqlAlchemyLoadGauge(reads, checked_out=database.checked_out),
        metrics=Metrics(),
        cursor_secret=settings.cursor_secret.get_secret_value(),
    )


def create_app(
    settings: Settings | None = None,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    shutdown_state: ShutdownState | None = None,
) -> FastAPI:
    """Return the application. Handlers read `state.dependencies`, which tests may replace."""
    settings = settings or load_settings()
    engine = create_engine(settings)
    replica_engine = create_replica_engine(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()
        if replica_engine is not None:
            await replica_engine.dispose()

    app = docs.create_api(lifespan)
    database = database or create_database(engine, replica_engine)
    dependencies = create_dependencies(settings, database, clock or SystemClock())
    app.state.dependencies = replace(dependencies, shutdown_state=shutdown_state or ShutdownState())
    app.add_middleware(RequestContextMiddleware)
    cross_origin.install(app, settings.allowed_origins)
    app.add_middleware(ProxyMiddleware, trusted_hosts=settings.proxy_networks)
    errors.install(app)
    oauth.install(app)
    docs.install(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # `include_router` would match each path twice
    return app


def create_served_app() -> FastAPI:
    """Return the application of a server process. Raises SettingsError, UnavailableError."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    check_database(settings)
    return create_app(settings)


async def _seed(settings: Settings, members: int) -> bool:
    clock = SystemClock()
    async with open_database(settings) as database:
        return await seed_demo(
            members,
            uow=SqlAlchemyUnitOfWork(database.sessions),
            clock=clock,
            hasher=Argon2PasswordHasher(),
            extra_members=SqlAlchemyDemoMembers(database.sessions, clock=clock),
        )


async def _create_admin(settings: Settings, request: AdminRequest) -> bool:
    async with open_database(settings) as database:
        uow = SqlAlchemyUnitOfWork(database.sessions)
        return await create_admin(request, uow=uow, clock=SystemClock(), hasher=Argon2PasswordHasher())


cli = create_cli(
    Commands(
        migrate=migrations.migrate,
        seed=_seed,
        create_admin=_create_admin,
        preflight=check_database,
        run_worker=partial(run_worker, clock=SystemClock()),
        openapi=lambda: create_app(Settings(environment=Environment.TEST)).openapi(),
        application=create_app,
    )
)
