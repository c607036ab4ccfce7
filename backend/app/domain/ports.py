"""What the domain needs from outside, beside each feature's repository."""

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from app.domain.audit import AuditLog
from app.domain.auth import OneTimeTokenRepository, SessionRepository
from app.domain.calendar_addresses import CalendarAddressRepository
from app.domain.consultations.consultation import ConsultationRepository
from app.domain.consultations.responses import ResponseRepository
from app.domain.email_changes import EmailChangeRepository
from app.domain.events import EventRepository
from app.domain.login_attempts import LoginAttemptCounters
from app.domain.members import MemberId, MemberRepository
from app.domain.news import ArticleRepository


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


@dataclass(frozen=True, kw_only=True)
class Job:
    """Work to do after the commit. Subclasses carry identifiers only, since jobs are stored."""


class JobQueue(Protocol):
    async def defer(self, job: Job) -> None:
        """Store the job in the current transaction: it runs if and only if that commits."""
        ...


class PersonalData(Protocol):
    async def erase(self, member_id: MemberId) -> None:
        """Delete every row that serves nobody but this member, and the waiting jobs about them.

        What others share with the member stays, and refers to the member's tombstone.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving it without `commit` rolls everything back.

    `flush`, `commit` and every read may raise ConflictError or RuleViolationError for a constraint that
    only the database can check, CollisionError when another transaction changed the same entity first,
    and UnavailableError when the database does not answer.
    """

    @property
    def members(self) -> MemberRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def one_time_tokens(self) -> OneTimeTokenRepository: ...
    @property
    def email_changes(self) -> EmailChangeRepository: ...
    @property
    def calendar_addresses(self) -> CalendarAddressRepository: ...
    @property
    def login_attempts(self) -> LoginAttemptCounters: ...
    @property
    def personal_data(self) -> PersonalData: ...
    @property
    def news(self) -> ArticleRepository: ...
    @property
    def consultations(self) -> ConsultationRepository: ...
    @property
    def responses(self) -> ResponseRepository: ...
    @property
    def events(self) -> EventRepository: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def jobs(self) -> JobQueue: ...
    async def now(self) -> datetime:
        """Return the database's time at this moment, not at the start of the transaction.

        Deadlines that race are decided on it, after the lock was taken: all instances agree on it.
        """
        ...

    async def flush(self) -> None:
        """Send what was added so far, so that what is added next can refer to it by id."""
        ...

    async def commit(self) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...
