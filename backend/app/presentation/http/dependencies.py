"""What a request can ask for. `create_app` puts one `Dependencies` object on the application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

import structlog
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from app.application.access import POLICY, Action, Actor
from app.application.audit_queries import AuditQueries
from app.application.calendar_addresses import CalendarSources
from app.application.calendar_addresses_queries import CalendarAddressQueries
from app.application.consultations_queries import ConsultationQueries
from app.application.events_queries import EventQueries
from app.application.export_files import Encoder, ExportFormat, FileType
from app.application.exports import Exporter
from app.application.idempotency import Attempt, IdempotentUnitOfWork
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
class Departure:
    """Whether the process has been told to end."""

    is_announced: bool = False


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """Everything the outside world provides, chosen once in `create_app`."""

    uow: Callable[[], UnitOfWork]
    idempotent_uow: Callable[[Attempt], IdempotentUnitOfWork]
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
    departure: Departure = field(default_factory=Departure)


def provided(request: Request) -> Dependencies:
    return cast("Dependencies", request.app.state.dependencies)


async def _uow(request: Request) -> UnitOfWork:
    return provided(request).uow()


async def _clock(request: Request) -> Clock:
    return provided(request).clock


async def _hasher(request: Request) -> PasswordHasher:
    return provided(request).hasher


async def _session_tokens(request: Request) -> SessionTokens:
    return provided(request).session_tokens


async def _one_time_tokens(request: Request) -> OneTimeTokens:
    return provided(request).one_time_tokens


async def _email_change_tokens(request: Request) -> EmailChangeTokens:
    return provided(request).email_change_tokens


async def _address_digests(request: Request) -> AddressDigests:
    return provided(request).address_digests


async def _member_queries(request: Request) -> MemberQueries:
    return provided(request).member_queries


async def _news_queries(request: Request) -> NewsQueries:
    return provided(request).news_queries


async def _consultation_queries(request: Request) -> ConsultationQueries:
    return provided(request).consultation_queries


async def _event_queries(request: Request) -> EventQueries:
    return provided(request).event_queries


async def _session_queries(request: Request) -> SessionQueries:
    return provided(request).session_queries


async def _personal_data_queries(request: Request) -> PersonalDataQueries:
    return provided(request).personal_data_queries


async def _calendar_address_queries(request: Request) -> CalendarAddressQueries:
    return provided(request).calendar_address_queries


async def _base_url(request: Request) -> str:
    """Where the client reached the application, with a slash at the end."""
    return str(request.base_url)


async def _client_address(request: Request) -> str:
    """The peer's, or what a trusted proxy says about it."""
    return request.client.host if request.client else ""


async def _audit_queries(request: Request) -> AuditQueries:
    return provided(request).audit_queries


async def _exporter(request: Request) -> Exporter:
    return provided(request).exporter


async def _calendar_encoder(request: Request) -> Encoder:
    return provided(request).exporter.encoders[FileType(ExportFormat.ICS)]


async def _calendar_sources(request: Request) -> CalendarSources:
    given = provided(request)
    return CalendarSources(
        given.calendar_address_queries, given.event_queries, await _calendar_encoder(request)
    )


async def _readiness(request: Request) -> Readiness:
    """Raises UnavailableError once the process has said that it leaves."""
    if provided(request).departure.is_announced:
        raise UnavailableError
    return provided(request).readiness


async def _load_gauge(request: Request) -> LoadGauge:
    return provided(request).load_gauge


async def _metrics(request: Request) -> Metrics:
    return provided(request).metrics


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
        request.actor = await provided(request).authenticator.authenticate(token)
        structlog.contextvars.bind_contextvars(member_id=str(request.actor.member_id))
    return request.actor


async def admit(request: StrictRequest, action: Action) -> None:
    """Find out who asks, if the action is not for everybody. Raises what `authorize` does."""
    rule = POLICY[action]
    if rule.least_role is not None:
        actor = await optional_actor(request, await _bearer(request))
        rule.require(actor, at=provided(request).clock.now())


UowDep = Annotated[UnitOfWork, Depends(_uow)]
ClockDep = Annotated[Clock, Depends(_clock)]
HasherDep = Annotated[PasswordHasher, Depends(_hasher)]
SessionTokensDep = Annotated[SessionTokens, Depends(_session_tokens)]
OneTimeTokensDep = Annotated[OneTimeTokens, Depends(_one_time_tokens)]
EmailChangeTokensDep = Annotated[EmailChangeTokens, Depends(_email_change_tokens)]
AddressDigestsDep = Annotated[AddressDigests, Depends(_address_digests)]
MemberQueriesDep = Annotated[MemberQueries, Depends(_member_queries)]
NewsQueriesDep = Annotated[NewsQueries, Depends(_news_queries)]
ConsultationQueriesDep = Annotated[ConsultationQueries, Depends(_consultation_queries)]
EventQueriesDep = Annotated[EventQueries, Depends(_event_queries)]
SessionQueriesDep = Annotated[SessionQueries, Depends(_session_queries)]
PersonalDataQueriesDep = Annotated[PersonalDataQueries, Depends(_personal_data_queries)]
CalendarAddressQueriesDep = Annotated[CalendarAddressQueries, Depends(_calendar_address_queries)]
BaseUrl = Annotated[str, Depends(_base_url)]
ClientAddress = Annotated[str, Depends(_client_address)]
AuditQueriesDep = Annotated[AuditQueries, Depends(_audit_queries)]
ExporterDep = Annotated[Exporter, Depends(_exporter)]
CalendarEncoderDep = Annotated[Encoder, Depends(_calendar_encoder)]
CalendarSourcesDep = Annotated[CalendarSources, Depends(_calendar_sources)]
ReadinessDep = Annotated[Readiness, Depends(_readiness)]
LoadGaugeDep = Annotated[LoadGauge, Depends(_load_gauge)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]
OptionalActor = Annotated[Actor | None, Depends(optional_actor)]
"""The actor, or None for a request without a token. A token that is not valid is refused."""
CurrentActor = Annotated[Actor, Depends(optional_actor)]
"""The actor whom `admit` has let in, on routes of actions that are not for everybody."""
