"""The unit of work: one transaction over the repositories of all features."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from app.application.jobs import JobQueue
from app.domain.audit import AuditLog
from app.domain.auth import OneTimeTokenRepository, SessionRepository
from app.domain.calendar_addresses import CalendarAddressRepository
from app.domain.consultations.repository import ConsultationRepository
from app.domain.consultations.responses import ResponseRepository
from app.domain.email_changes import EmailChangeRepository
from app.domain.events import EventRepository
from app.domain.members.member import MemberId
from app.domain.members.repository import MemberRepository
from app.domain.news import ArticleRepository
from app.domain.rate_limits import RateLimiter


class PersonalData(Protocol):
    async def erase(self, member_id: MemberId) -> None:
        """Delete the rows that only this member needs, and the pending jobs about them.

        Rows that others share with the member stay, and refer to the member's tombstone.
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
    def rate_limits(self) -> RateLimiter: ...
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
        """Return the database's current time, not the time at which the transaction started.

        Concurrent requests compare deadlines with it after taking the lock, so all instances agree.
        """
        ...

    async def flush(self) -> None:
        """Send the additions so far to the database, so that later ones can refer to them by id."""
        ...

    async def commit(self) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...
