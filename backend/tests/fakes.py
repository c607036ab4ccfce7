"""In-memory stand-ins for the ports. The contract tests hold them to what PostgreSQL does."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from app.application.jobs import Job
from app.application.ports import MailTemplate
from app.domain.audit import AuditEntry
from app.domain.auth import OneTimeToken, OneTimeTokenId, Password, Session, SessionId
from app.domain.calendar_addresses import CalendarAddress
from app.domain.consultations.consultation import (
    Consultation,
    ConsultationId,
    ConsultationNotFoundError,
    ConsultationStatus,
)
from app.domain.consultations.responses import Ballot, Participation, Response
from app.domain.email_changes import EmailChange
from app.domain.events import Event, EventId, EventNotFoundError
from app.domain.login_attempts import LOG_INS, AttemptCount, AttemptKey, Limit
from app.domain.members import (
    EmailAddress,
    EmailTakenError,
    Language,
    Member,
    MemberId,
    MemberNotFoundError,
    Role,
)
from app.domain.news import Article, ArticleId, ArticleNotFoundError
from tests.fake_accounts import InMemoryCalendarAddressRepository, InMemoryEmailChangeRepository
from tests.fake_responses import InMemoryResponseRepository
from tests.versions import VERSIONED, count_versions, refuse_collisions


class FixedClock:
    """Stands still until it is told to move."""

    def __init__(self, at: datetime = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


class InMemoryStore:
    """What is committed. Units of work look at copies of it."""

    def __init__(self) -> None:
        self.members: dict[UUID, Member] = {}
        self.sessions: dict[UUID, Session] = {}
        self.one_time_tokens: dict[UUID, OneTimeToken] = {}
        self.email_changes: dict[UUID, EmailChange] = {}
        self.calendar_addresses: dict[UUID, CalendarAddress] = {}
        self.login_attempts: dict[AttemptKey, AttemptCount] = {}
        self.news: dict[UUID, Article] = {}
        self.consultations: dict[UUID, Consultation] = {}
        self.responses: list[Response] = []
        self.participations: list[Participation] = []
        self.ballots: list[Ballot] = []
        self.erased_respondents: set[tuple[UUID, bytes]] = set()
        self.events: dict[UUID, Event] = {}
        self.audit: list[AuditEntry] = []
        self.jobs: list[Job] = []


class InMemoryMemberRepository:
    def __init__(self, rows: dict[UUID, Member], tokens: dict[UUID, OneTimeToken]) -> None:
        self._rows = rows
        self._tokens = tokens

    def add(self, member: Member) -> None:
        self._rows[member.id] = member

    async def get(self, id: MemberId) -> Member:
        member = await self.find(id)
        if member is None:
            raise MemberNotFoundError
        return member

    async def get_locked(self, id: MemberId) -> Member:
        return await self.get(id)

    async def lock_admins(self) -> frozenset[MemberId]:
        members = self._rows.values()
        return frozenset(each.id for each in members if each.role is Role.ADMIN and each.may_log_in)

    async def find(self, id: MemberId) -> Member | None:
        member = self._rows.get(id)
        return None if member is None or member.erased_at is not None else member

    async def find_by_email(self, email: EmailAddress) -> Member | None:
        members = self._rows.values()
        return next((each for each in members if each.email == email and each.erased_at is None), None)

    async def find_by_email_locked(self, email: EmailAddress) -> Member | None:
        return await self.find_by_email(email)

    async def list_unproven_locked(self, *, before: datetime, at: datetime, limit: int) -> Sequence[Member]:
        waiting = {each.member_id for each in self._tokens.values() if each.is_redeemable(at)}
        unproven = [
            each
            for _, each in sorted(self._rows.items())
            if each.email_verified_at is None and each.erased_at is None
        ]
        return [each for each in unproven if each.created_at < before and each.id not in waiting][:limit]


class InMemorySessionRepository:
    def __init__(self, rows: dict[UUID, Session]) -> None:
        self._rows = rows

    def add(self, session: Session) -> None:
        self._rows[session.id] = session

    async def find_locked(self, id: SessionId) -> Session | None:
        return self._rows.get(id)

    async def revoke_all(self, member_id: MemberId, *, at: datetime, keep: SessionId | None = None) -> None:
        for session in self._rows.values():
            if session.member_id == member_id and session.id != keep:
                session.revoke(at)

    async def remove_ended(self, *, before: datetime) -> None:
        for session in list(self._rows.values()):
            ends = [session.expires_at, session.rotated_at + Session.IDLE_LIMIT, session.revoked_at]
            if any(end is not None and end < before for end in ends):
                del self._rows[session.id]


class InMemoryOneTimeTokenRepository:
    def __init__(self, rows: dict[UUID, OneTimeToken]) -> None:
        self._rows = rows

    async def replace(self, token: OneTimeToken) -> None:
        key = (token.member_id, token.purpose)
        for old in [row for row in self._rows.values() if (row.member_id, row.purpose) == key]:
            del self._rows[old.id]
        self._rows[token.id] = token

    async def find_locked(self, id: OneTimeTokenId) -> OneTimeToken | None:
        return self._rows.get(id)

    async def remove_all(self, member_id: MemberId) -> None:
        for token in [each for each in self._rows.values() if each.member_id == member_id]:
            del self._rows[token.id]

    async def remove_expired(self, *, before: datetime) -> None:
        for token in [each for each in self._rows.values() if each.expires_at < before]:
            del self._rows[token.id]


class InMemoryLoginAttemptCounters:
    def __init__(self, rows: dict[AttemptKey, AttemptCount]) -> None:
        self._rows = rows

    async def add(
        self, number: int, keys: Iterable[AttemptKey], *, at: datetime, limit: Limit = LOG_INS
    ) -> list[AttemptCount]:
        counts = []
        for key in keys:
            count = self._rows.get(key)
            if count is None or count.window_ends_at <= at:
                count = AttemptCount(0, at + limit.window)
            self._rows[key] = AttemptCount(max(count.attempts + number, 0), count.window_ends_at)
            counts.append(self._rows[key])
        return counts

    async def forget(self, key: AttemptKey) -> None:
        self._rows.pop(key, None)

    async def remove_ended(self, *, before: datetime) -> None:
        for key in [key for key, count in self._rows.items() if count.window_ends_at < before]:
            del self._rows[key]


class InMemoryPersonalData:
    def __init__(self, store: "InMemoryStore") -> None:
        self._store = store

    async def erase(self, member_id: MemberId) -> None:
        erased: set[object] = {member_id}
        self._store.calendar_addresses.pop(member_id, None)
        rows: tuple[dict[UUID, Session], dict[UUID, OneTimeToken], dict[UUID, EmailChange]] = (
            self._store.sessions,
            self._store.one_time_tokens,
            self._store.email_changes,
        )
        for table in rows:
            for key in [key for key, row in table.items() if row.member_id == member_id]:
                erased.add(key)
                del table[key]
        self._store.jobs[:] = [job for job in self._store.jobs if not erased & _ids(job)]


def _ids(job: Job) -> set[object]:
    return {getattr(job, each.name) for each in fields(job)}


class InMemoryArticleRepository:
    def __init__(self, rows: dict[UUID, Article]) -> None:
        self._rows = rows

    def add(self, article: Article) -> None:
        self._rows[article.id] = article

    async def get(self, id: ArticleId) -> Article:
        article = self._rows.get(id)
        if article is None or article.deleted_at is not None:
            raise ArticleNotFoundError
        return article


class InMemoryConsultationRepository:
    def __init__(self, rows: dict[UUID, Consultation]) -> None:
        self._rows = rows

    def add(self, consultation: Consultation) -> None:
        self._rows[consultation.id] = consultation

    async def get_locked(self, id: ConsultationId) -> Consultation:
        if id not in self._rows:
            raise ConsultationNotFoundError
        return self._rows[id]

    async def get_shared(self, id: ConsultationId) -> Consultation:
        return await self.get_locked(id)

    async def share_unclosed(self) -> None: ...

    async def list_due_locked(self, at: datetime) -> Sequence[Consultation]:
        def is_due(each: Consultation) -> bool:
            plan = {ConsultationStatus.DRAFT: each.opens_at, ConsultationStatus.OPEN: each.closes_at}
            due_at = plan.get(each.status)
            return due_at is not None and due_at <= at

        return [each for _, each in sorted(self._rows.items()) if is_due(each)]

    async def remove(self, consultation: Consultation) -> None:
        del self._rows[consultation.id]


class InMemoryEventRepository:
    def __init__(self, rows: dict[UUID, Event]) -> None:
        self._rows = rows

    def add(self, event: Event) -> None:
        self._rows[event.id] = event

    async def get(self, id: EventId) -> Event:
        if id not in self._rows:
            raise EventNotFoundError
        return self._rows[id]

    async def remove(self, event: Event) -> None:
        del self._rows[event.id]


class InMemoryAuditLog:
    def __init__(self, entries: list[AuditEntry]) -> None:
        self._entries = entries

    def add(self, entry: AuditEntry) -> None:
        self._entries.append(entry)


class InMemoryJobQueue:
    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    async def defer(self, job: Job) -> None:
        self._jobs.append(job)


class InMemoryUnitOfWork:
    """Works on a copy of the store; `commit` makes the copy the store.

    Versions count up and collide as SQLAlchemy's `version_id_col` makes them.
    """

    def __init__(self, store: InMemoryStore, clock: FixedClock | None = None) -> None:
        self.store = store
        self.clock = clock or FixedClock()

    async def __aenter__(self) -> Self:
        self._read, self._copy = deepcopy(self.store), deepcopy(self.store)
        self._flushed = deepcopy(self.store)
        copy = self._copy
        self.members = InMemoryMemberRepository(copy.members, copy.one_time_tokens)
        self.sessions = InMemorySessionRepository(copy.sessions)
        self.one_time_tokens = InMemoryOneTimeTokenRepository(copy.one_time_tokens)
        self.email_changes = InMemoryEmailChangeRepository(copy.email_changes)
        self.calendar_addresses = InMemoryCalendarAddressRepository(copy.calendar_addresses)
        self.login_attempts = InMemoryLoginAttemptCounters(copy.login_attempts)
        self.personal_data = InMemoryPersonalData(copy)
        self.news = InMemoryArticleRepository(copy.news)
        self.consultations = InMemoryConsultationRepository(copy.consultations)
        self.responses = InMemoryResponseRepository(copy)
        self.events = InMemoryEventRepository(copy.events)
        self.audit = InMemoryAuditLog(copy.audit)
        self.jobs = InMemoryJobQueue(copy.jobs)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None: ...

    async def now(self) -> datetime:
        return self.clock.now()

    async def flush(self) -> None:
        for name in VERSIONED:
            count_versions(getattr(self._flushed, name), getattr(self._copy, name))
        self._flushed = deepcopy(self._copy)

    async def commit(self) -> None:
        emails = [member.email for member in self._copy.members.values()]
        if len(set(emails)) != len(emails):
            raise EmailTakenError
        for name in VERSIONED:
            count_versions(getattr(self._flushed, name), getattr(self._copy, name))
            refuse_collisions(*(getattr(each, name) for each in (self._read, self.store, self._copy)))
        vars(self.store).update(vars(deepcopy(self._copy)))


class CountingPasswordHasher:
    """Costs nothing, and counts: comparing counts tells what comparing times only suggests."""

    def __init__(self) -> None:
        self.hashed = 0
        self.verified = 0

    async def hash(self, password: Password) -> str:
        self.hashed += 1
        return f"hash:{password.value}"

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        self.verified += 1
        return bool(password_hash) and str(password_hash).partition(":")[2] == password.value

    def needs_rehash(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")


class PlainAddressDigests:
    """Two keys, of which the first is the newer."""

    keys = ("new", "old")

    def of(self, email: EmailAddress, consultation_id: UUID) -> Sequence[bytes]:
        return [f"{key} {consultation_id} {email.value}".encode() for key in self.keys]


class RecordingMailer:
    """Keeps what it should have sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[MailTemplate, EmailAddress, Language, Mapping[str, str], UUID]] = []

    async def send(
        self,
        template: MailTemplate,
        *,
        to: EmailAddress,
        language: Language,
        values: Mapping[str, str],
        mail_id: UUID,
    ) -> None:
        self.sent.append((template, to, language, values, mail_id))
