"""Every route: requests that succeed for whoever may make them, and how many statements they may cost."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.application.access import Action
from app.application.ports import EmailChangeTokens, OneTimeTokens, SessionTokens
from app.application.unit_of_work import UnitOfWork
from app.domain.auth import OneTimePurpose, OneTimeToken, Password
from app.domain.consultations.consultation import ConsultationAudience, ConsultationStatus
from app.domain.consultations.responses import Response
from app.domain.events import EventAudience, EventStatus
from app.domain.identifiers import uuid7
from app.domain.members import Member
from app.domain.news import ArticleScope, ArticleStatus
from app.infrastructure.security.passwords import Argon2PasswordHasher
from tests.api import account_calls
from tests.api.consultations import answers_to, store_consultation
from tests.factories import NOW, PASSWORD, make_answers, make_article, make_event, make_member, make_session

DRAFT, PUBLISHED, ARCHIVED = ArticleStatus.DRAFT, ArticleStatus.PUBLISHED, ArticleStatus.ARCHIVED
EVENT: dict[str, Any] = {
    "json": {
        "title": "Title",
        "starts_at": "2026-12-05T18:00:00Z",
        "ends_at": "2026-12-05T20:00:00Z",
        "location": "Location",
        "organizer": "Organizer",
        "audience": "PUBLIC",
    }
}
NEW_PASSWORD = "seven herons at dawn"
PLANNED, ANNOUNCED = EventStatus.DRAFT, EventStatus.PUBLISHED
OPEN, CLOSED = ConsultationStatus.OPEN, ConsultationStatus.CLOSED
EVERYBODY = ConsultationAudience.MEMBERS_AND_SUPPORTERS
SEEN: dict[str, Any] = {"headers": {"If-Match": "*"}}
NEWS: dict[str, Any] = {"json": {"title": "Title", "content": "Content", "scope": "PUBLIC"}}
CHOICE = {"title": "Where?", "kind": "SINGLE_CHOICE", "required": True, "options": ["Park", "School"]}
CONSULTATION: dict[str, Any] = {"json": {"title": "Title", "audience": "MEMBERS", "questions": [CHOICE]}}
KEY: dict[str, Any] = {"headers": {"Idempotency-Key": "a-key-of-the-client"}}

Request = Mapping[str, Any]
"""Arguments of httpx's `request`, and the `id` or `code` in the path."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What a request can be about. `caller` is None when nobody is logged in."""

    uow: UnitOfWork
    one_time_tokens: OneTimeTokens
    email_change_tokens: EmailChangeTokens
    session_tokens: SessionTokens
    caller: Member | None

    async def article(self, status: ArticleStatus, scope: ArticleScope = ArticleScope.PUBLIC) -> str:
        author = make_member()
        article = make_article(author_id=author.id, scope=scope)
        if status is not DRAFT:
            article.publish(NOW)
        if status is ARCHIVED:
            article.archive(NOW)
        async with self.uow as uow:
            uow.members.add(author)
            await uow.flush()
            uow.news.add(article)
            await uow.commit()
        return str(article.id)

    async def member(self, *, is_active: bool = True, **overrides: Any) -> Member:
        member = make_member(**overrides)
        member.is_active = is_active
        async with self.uow as uow:
            uow.members.add(member)
            await uow.commit()
        return member


Prepare = Callable[[World], Awaitable[Request]]


def plain(**request: Any) -> Prepare:
    async def prepare(_world: World) -> Request:
        return request

    return prepare


def article(status: ArticleStatus, scope: ArticleScope = ArticleScope.PUBLIC, **request: Any) -> Prepare:
    async def prepare(world: World) -> Request:
        return {"id": await world.article(status, scope), **request}

    return prepare


def another_member(**request: Any) -> Prepare:
    async def prepare(world: World) -> Request:
        return {"id": str((await world.member()).id), **request}

    return prepare


async def inactive_member(world: World) -> Request:
    return {"id": str((await world.member(is_active=False)).id)}


def oneself(**request: Any) -> Prepare:
    async def prepare(world: World) -> Request:
        return {"id": str(world.caller.id if world.caller else UUID(int=0)), **request}

    return prepare


async def one_time_token(world: World, purpose: OneTimePurpose, **body: str) -> Request:
    member = await world.member(email_verified_at=None)
    token = OneTimeToken.issue(member_id=member.id, purpose=purpose, at=NOW)
    async with world.uow as uow:
        await uow.one_time_tokens.replace(token)
        await uow.commit()
    return {"json": {"token": world.one_time_tokens.text(token.id, purpose), **body}}


async def invitation(_world: World) -> Request:
    return {"json": {"email": f"invited-{uuid7(NOW)}@pau2.example", "full_name": "New Comer"}}


async def own_session(world: World) -> Request:
    return await session_of(world.caller or await world.member(), world)


async def session_of_another(world: World) -> Request:
    return await session_of(await world.member(), world)


async def session_of(member: Member, world: World) -> Request:
    session = make_session(member)
    async with world.uow as uow:
        if await uow.members.find(member.id):
            uow.sessions.add(session)
        await uow.commit()
    return {"id": str(session.id)}


async def unverified(world: World) -> Request:
    return {"json": {"email": (await world.member(email_verified_at=None)).email.value}}


async def credentials(world: World) -> Request:
    password_hash = await Argon2PasswordHasher().hash(Password.typed(PASSWORD))
    member = await world.member(password_hash=password_hash)
    form = {"grant_type": "password", "username": member.email.value, "password": PASSWORD}
    return {"data": form}


async def refresh_token(world: World, name: str, **form: str) -> Request:
    member = await world.member()
    session = make_session(member)
    token = world.session_tokens.refresh.first(session.id)
    session.token_digest = token.digest
    async with world.uow as uow:
        uow.sessions.add(session)
        await uow.commit()
    return {"data": {name: token.text, **form}}


async def newcomer(_world: World) -> Request:
    form = {"email": f"newcomer-{uuid7(NOW)}@pau2.example", "password": PASSWORD, "full_name": "New Comer"}
    return {"json": form}


def event(
    status: EventStatus = PLANNED, audience: EventAudience = EventAudience.PUBLIC, **request: Any
) -> Prepare:
    """PLANNED is a draft; the others began an hour ago."""

    async def prepare(world: World) -> Request:
        author = make_member()
        starts_at = NOW - timedelta(hours=1)
        event = make_event(
            created_by=author.id,
            audience=audience,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=3),
        )
        if status is not PLANNED:
            event.publish(NOW)
        async with world.uow as uow:
            uow.members.add(author)
            await uow.flush()
            uow.events.add(event)
            await uow.commit()
        return {"id": str(event.id), **request}

    return prepare


def consultation(status: ConsultationStatus, request: Request | None = None, **overrides: Any) -> Prepare:
    async def prepare(world: World) -> Request:
        return {"id": str((await store_consultation(world.uow, status, **overrides)).id), **(request or {})}

    return prepare


def answering(**overrides: Any) -> Prepare:
    async def prepare(world: World) -> Request:
        stored = await store_consultation(world.uow, OPEN, **overrides)
        return {"id": str(stored.id), "json": answers_to(stored, 0)}

    return prepare


async def answered(world: World) -> Request:
    stored = await store_consultation(world.uow, OPEN, audience=EVERYBODY)
    if world.caller is not None:
        answers = stored.take(make_answers(stored, 0), NOW)
        response = Response.create(answers, consultation_id=stored.id, member_id=world.caller.id, at=NOW)
        async with world.uow as uow:
            await uow.responses.add(response)
            await uow.commit()
    return {"id": str(stored.id)}


@dataclass(frozen=True)
class Call:
    """`status` is for whoever may call; `visible` says who sees the thing at all, for others it is 404."""

    status: int
    prepare: Prepare = field(default_factory=plain)
    visible: Action | None = None


@dataclass(frozen=True)
class Route:
    """`statements` are what one request may cost, authentication included."""

    statements: int
    calls: tuple[Call, ...]


def route(statements: int, *calls: Call) -> Route:
    return Route(statements, calls)


READS_MEMBERS, READS_EVERY = Action.READ_MEMBERS_CONSULTATIONS, Action.READ_EVERY_CONSULTATION
READS_DRAFTS, READS_INTERNAL = Action.READ_UNPUBLISHED_NEWS, Action.READ_INTERNAL_NEWS

ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/health/live"): route(0, Call(200)),
    ("GET", "/health/ready"): route(1, Call(200)),
    ("GET", "/metrics"): route(1, Call(200)),
    ("POST", "/api/v1/auth/register"): route(6, Call(202, newcomer)),
    ("POST", "/api/v1/auth/email/verify"): route(
        6, Call(204, partial(one_time_token, purpose=OneTimePurpose.VERIFY_EMAIL))
    ),
    ("POST", "/api/v1/auth/email/resend"): route(4, Call(202, unverified)),
    ("POST", "/api/v1/auth/token"): route(
        9,
        Call(200, credentials),
        Call(200, partial(refresh_token, name="refresh_token", grant_type="refresh_token")),
    ),
    ("POST", "/api/v1/auth/revoke"): route(4, Call(200, partial(refresh_token, name="token"))),
    ("GET", "/api/v1/auth/sessions"): route(2, Call(200)),
    ("DELETE", "/api/v1/auth/sessions"): route(4, Call(204)),
    ("DELETE", "/api/v1/auth/sessions/{id}"): route(4, Call(204, own_session), Call(404, session_of_another)),
    ("POST", "/api/v1/auth/password/forgot"): route(4, Call(202, unverified)),
    ("POST", "/api/v1/auth/password/reset"): route(
        13, Call(204, partial(one_time_token, purpose=OneTimePurpose.RECOVERY, password=NEW_PASSWORD))
    ),
    ("PUT", "/api/v1/auth/password"): route(
        11, Call(204, plain(json={"current_password": PASSWORD, "password": NEW_PASSWORD}))
    ),
    ("PUT", "/api/v1/auth/email"): route(9, Call(202, account_calls.new_address)),
    ("POST", "/api/v1/auth/email/confirm"): route(20, Call(204, account_calls.email_change)),
    ("DELETE", "/api/v1/members/me"): route(14, Call(204, plain(**SEEN))),
    ("GET", "/api/v1/members/me/data"): route(13, Call(200)),
    ("POST", "/api/v1/members"): route(9, Call(201, invitation)),
    ("DELETE", "/api/v1/members/{id}"): route(14, Call(204, another_member(**SEEN))),
    ("PATCH", "/api/v1/members/{id}/invitation"): route(
        8, Call(200, partial(account_calls.invited, json={"full_name": "New"}, **SEEN))
    ),
    ("DELETE", "/api/v1/members/{id}/invitation"): route(
        10, Call(204, partial(account_calls.invited, **SEEN))
    ),
    ("POST", "/api/v1/members/{id}/invitation/resend"): route(7, Call(204, account_calls.invited)),
    ("PUT", "/api/v1/members/{id}/role"): route(
        5, Call(200, another_member(json={"role": "MEMBER"}, **SEEN))
    ),
    ("POST", "/api/v1/members/{id}/deactivate"): route(7, Call(200, another_member())),
    ("POST", "/api/v1/members/{id}/activate"): route(4, Call(200, inactive_member)),
    ("GET", "/api/v1/members/me"): route(2, Call(200)),
    ("PATCH", "/api/v1/members/me"): route(4, Call(200, plain(json={"full_name": "New"}, **SEEN))),
    ("GET", "/api/v1/members"): route(2, Call(200)),
    ("GET", "/api/v1/members/{id}"): route(2, Call(200, another_member()), Call(200, oneself())),
    ("PATCH", "/api/v1/members/{id}"): route(
        4,
        Call(200, another_member(json={"full_name": "New"}, **SEEN)),
        Call(200, oneself(json={"full_name": "New"}, **SEEN)),
    ),
    ("GET", "/api/v1/news"): route(2, Call(200)),
    ("POST", "/api/v1/news"): route(5, Call(201, plain(**NEWS)), Call(201, plain(**NEWS, **KEY))),
    ("GET", "/api/v1/news/{id}"): route(
        2,
        Call(200, article(PUBLISHED)),
        Call(200, article(PUBLISHED, ArticleScope.INTERNAL), visible=READS_INTERNAL),
        Call(200, article(DRAFT), visible=READS_DRAFTS),
        Call(200, article(ARCHIVED), visible=READS_DRAFTS),
    ),
    ("PATCH", "/api/v1/news/{id}"): route(
        3,
        Call(200, article(DRAFT, json={"title": "New"}, **SEEN)),
        Call(200, article(PUBLISHED, **NEWS, **SEEN)),
    ),
    ("DELETE", "/api/v1/news/{id}"): route(3, Call(204, article(PUBLISHED, **SEEN))),
    ("POST", "/api/v1/news/{id}/publish"): route(3, Call(200, article(DRAFT))),
    ("POST", "/api/v1/news/{id}/archive"): route(3, Call(200, article(PUBLISHED))),
    ("GET", "/api/v1/exports/news"): route(4, Call(200)),
    ("GET", "/api/v1/exports/members"): route(4, Call(200)),
    ("GET", "/api/v1/audit-log"): route(2, Call(200)),
    ("GET", "/api/v1/events"): route(2, Call(200)),
    ("GET", "/api/v1/events.ics"): route(2, Call(200)),
    ("GET", "/api/v1/members/me/calendar-address"): route(2, Call(200, account_calls.own_calendar_address)),
    ("PUT", "/api/v1/members/me/calendar-address"): route(4, Call(200)),
    ("DELETE", "/api/v1/members/me/calendar-address"): route(3, Call(204)),
    ("GET", "/api/v1/calendars/{token}/events.ics"): route(2, Call(200, account_calls.calendar)),
    ("GET", "/api/v1/events/{id}"): route(
        2,
        Call(200, event(ANNOUNCED)),
        Call(200, event(ANNOUNCED, EventAudience.MEMBERS), visible=Action.READ_MEMBERS_EVENTS),
        Call(200, event(ANNOUNCED, EventAudience.BOARD), visible=Action.READ_BOARD_EVENTS),
        Call(200, event(), visible=Action.READ_BOARD_EVENTS),
    ),
    ("POST", "/api/v1/events"): route(5, Call(201, plain(**EVENT)), Call(201, plain(**EVENT, **KEY))),
    ("PATCH", "/api/v1/events/{id}"): route(3, Call(200, event(json={"title": "New"}, **SEEN))),
    ("DELETE", "/api/v1/events/{id}"): route(4, Call(204, event(ANNOUNCED, **SEEN))),
    ("POST", "/api/v1/events/{id}/publish"): route(3, Call(200, event())),
    ("POST", "/api/v1/events/{id}/cancel"): route(3, Call(200, event(ANNOUNCED))),
    ("POST", "/api/v1/events/{id}/complete"): route(3, Call(200, event(ANNOUNCED))),
    ("GET", "/api/v1/exports/events"): route(4, Call(200)),
    ("GET", "/api/v1/consultations"): route(2, Call(200)),
    ("GET", "/api/v1/consultations/{id}"): route(
        2,
        Call(200, consultation(OPEN, audience=EVERYBODY)),
        Call(200, consultation(OPEN), visible=READS_MEMBERS),
        Call(200, consultation(ConsultationStatus.DRAFT, audience=EVERYBODY), visible=READS_EVERY),
        Call(200, consultation(ConsultationStatus.ARCHIVED, audience=EVERYBODY), visible=READS_EVERY),
    ),
    ("POST", "/api/v1/consultations"): route(
        7, Call(201, plain(**CONSULTATION)), Call(201, plain(**CONSULTATION, **KEY))
    ),
    ("PATCH", "/api/v1/consultations/{id}"): route(
        7, Call(200, consultation(ConsultationStatus.DRAFT, {"json": {"title": "New"}, **SEEN}))
    ),
    ("DELETE", "/api/v1/consultations/{id}"): route(
        7, Call(204, consultation(ConsultationStatus.DRAFT, SEEN))
    ),
    ("POST", "/api/v1/consultations/{id}/open"): route(6, Call(200, consultation(ConsultationStatus.DRAFT))),
    ("POST", "/api/v1/consultations/{id}/close"): route(9, Call(200, consultation(OPEN, anonymous=True))),
    ("POST", "/api/v1/consultations/{id}/archive"): route(6, Call(200, consultation(CLOSED))),
    ("POST", "/api/v1/consultations/{id}/responses"): route(
        12,
        Call(201, answering(audience=EVERYBODY)),
        Call(201, answering(audience=EVERYBODY, anonymous=True)),
        Call(201, answering(), visible=READS_MEMBERS),
    ),
    ("GET", "/api/v1/consultations/{id}/responses/mine"): route(2, Call(200, answered)),
    ("GET", "/api/v1/consultations/{id}/results"): route(
        3,
        Call(200, consultation(CLOSED, audience=EVERYBODY)),
        Call(200, consultation(CLOSED), visible=READS_MEMBERS),
    ),
    ("GET", "/api/v1/exports/consultations/{id}/responses"): route(5, Call(200, consultation(CLOSED))),
    ("GET", "/problems"): route(0, Call(200)),
    ("GET", "/problems/{code}"): route(0, Call(200, plain(code="article_not_found"))),
}
