"""The dependencies of handlers. `create_app` stores one `Dependencies` object in the application's state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Annotated, cast

import structlog
from fastapi import Depends, Request, params
from fastapi.security import OAuth2PasswordBearer

from app.application.access import POLICY, Action, Actor
from app.application.audit_queries import AuditQueries
from app.application.calendar_addresses import CalendarSources
from app.application.calendar_addresses_queries import CalendarAddressQueries
from app.application.consultations_queries import ConsultationQueries
from app.application.events_queries import EventQueries
from app.application.export_files import Encoder, ExportFormat, FileType
from app.application.exports import Exporter
from app.application.idempotency import IdempotentRequest, IdempotentUnitOfWork
from app.application.members_queries import MemberQueries, PersonalDataQueries
from app.application.news_queries import NewsQueries
from app.application.operations import LoadGauge, Readiness
from app.application.ports import (
    AddressDigests,
    Authenticator,
    Clock,
    EmailChangeTokens,
    OneTimeTokens,
    PasswordHasher,
    SessionTokens,
)
from app.application.sessions_queries import SessionQueries
from app.application.unit_of_work import UnitOfWork
from app.domain.errors import UnavailableError
from app.presentation.http.metrics import Metrics
from app.presentation.http.requests import StrictRequest


@dataclass
class ShutdownState:
    """The state of the process: after a signal to end it is `draining`, and `/health/ready` fails."""

    draining: bool = False


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """The adapters behind the ports, chosen once in `create_app`."""

    uow: Callable[[], UnitOfWork]
    idempotent_uow: Callable[[IdempotentRequest], IdempotentUnitOfWork]
    clock: Clock
    authenticator: Authenticator
    hasher: PasswordHasher
    session_tokens: SessionTokens
    one_time_tokens: OneTimeTokens
    email_change_tokens: EmailChangeTokens
    address_digests: AddressDigests
    member_queries: MemberQueries
    news_queries: NewsQueries
    consultation_queries: ConsultationQueries
    event_queries: EventQueries
    session_queries: SessionQueries
    calendar_address_queries: CalendarAddressQueries
    personal_data_queries: PersonalDataQueries
    audit_queries: AuditQueries
    exporter: Exporter
    readiness: Readiness
    load_gauge: LoadGauge
    metrics: Metrics
    cursor_secret: str
    shutdown_state: ShutdownState = field(default_factory=ShutdownState)


def dependencies_of(request: Request) -> Dependencies:
    return cast("Dependencies", request.app.state.dependencies)


def provide(choose: Callable[[Dependencies], object]) -> params.Depends:
    """Make the FastAPI dependency that gives a handler one of the application's dependencies."""

    async def dependency(request: Request) -> object:
        return choose(dependencies_of(request))

    return params.Depends(dependency)


async def _uow(request: Request) -> UnitOfWork:
    return dependencies_of(request).uow()


async def _base_url(request: Request) -> str:
    """Return the address at which the client reached the application, with a slash at the end."""
    return str(request.base_url)


async def _client_address(request: Request) -> str:
    """Return the address of the peer, or the one that a trusted proxy reports."""
    return request.client.host if request.client else ""


async def _calendar_encoder(request: Request) -> Encoder:
    return dependencies_of(request).exporter.encoders[FileType(ExportFormat.ICS)]


async def _calendar_sources(request: Request) -> CalendarSources:
    given = dependencies_of(request)
    return CalendarSources(
        given.calendar_address_queries, given.event_queries, await _calendar_encoder(request)
    )


async def _readiness(request: Request) -> Readiness:
    """Raises UnavailableError while the process shuts down."""
    if dependencies_of(request).shutdown_state.draining:
        raise UnavailableError
    return dependencies_of(request).readiness


_bearer = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    scheme_name="AccessToken",
    description="An access token from `POST /api/v1/auth/token`, sent as `Authorization: Bearer …`.",
    auto_error=False,
)


async def optional_actor(
    request: StrictRequest, token: Annotated[str | None, Depends(_bearer)]
) -> Actor | None:
    if request.actor is None and token is not None:
        request.actor = await dependencies_of(request).authenticator.authenticate(token)
        structlog.contextvars.bind_contextvars(member_id=str(request.actor.member_id))
    return request.actor


async def authorize_request(request: StrictRequest, action: Action) -> None:
    """Authenticate and authorize the caller, unless the action is open to everybody.

    Raises UnauthenticatedError, ForbiddenError and ReauthenticationRequiredError.
    """
    rule = POLICY[action]
    if rule.minimum_role is not None:
        actor = await optional_actor(request, await _bearer(request))
        rule.require(actor, at=dependencies_of(request).clock.now())


UowDep = Annotated[UnitOfWork, Depends(_uow)]
ClockDep = Annotated[Clock, provide(attrgetter("clock"))]
HasherDep = Annotated[PasswordHasher, provide(attrgetter("hasher"))]
SessionTokensDep = Annotated[SessionTokens, provide(attrgetter("session_tokens"))]
OneTimeTokensDep = Annotated[OneTimeTokens, provide(attrgetter("one_time_tokens"))]
EmailChangeTokensDep = Annotated[EmailChangeTokens, provide(attrgetter("email_change_tokens"))]
AddressDigestsDep = Annotated[AddressDigests, provide(attrgetter("address_digests"))]
MemberQueriesDep = Annotated[MemberQueries, provide(attrgetter("member_queries"))]
NewsQueriesDep = Annotated[NewsQueries, provide(attrgetter("news_queries"))]
ConsultationQueriesDep = Annotated[ConsultationQueries, provide(attrgetter("consultation_queries"))]
EventQueriesDep = Annotated[EventQueries, provide(attrgetter("event_queries"))]
SessionQueriesDep = Annotated[SessionQueries, provide(attrgetter("session_queries"))]
PersonalDataQueriesDep = Annotated[PersonalDataQueries, provide(attrgetter("personal_data_queries"))]
CalendarAddressQueriesDep = Annotated[CalendarAddressQueries, provide(attrgetter("calendar_address_queries"))]
BaseUrl = Annotated[str, Depends(_base_url)]
ClientAddress = Annotated[str, Depends(_client_address)]
AuditQueriesDep = Annotated[AuditQueries, provide(attrgetter("audit_queries"))]
ExporterDep = Annotated[Exporter, provide(attrgetter("exporter"))]
CalendarEncoderDep = Annotated[Encoder, Depends(_calendar_encoder)]
CalendarSourcesDep = Annotated[CalendarSources, Depends(_calendar_sources)]
ReadinessDep = Annotated[Readiness, Depends(_readiness)]
LoadGaugeDep = Annotated[LoadGauge, provide(attrgetter("load_gauge"))]
MetricsDep = Annotated[Metrics, provide(attrgetter("metrics"))]
OptionalActor = Annotated[Actor | None, Depends(optional_actor)]
"""The actor, or None for a request without a token. An invalid token is refused."""
CurrentActor = Annotated[Actor, Depends(optional_actor)]
"""The actor whom `authorize_request` has authorized, on routes that are not open to everybody."""
