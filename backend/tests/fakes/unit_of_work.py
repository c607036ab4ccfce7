"""The unit of work in memory."""

from copy import deepcopy
from datetime import datetime
from types import TracebackType
from typing import Self

from app.domain.members.member import EmailTakenError
from tests.fakes.audit import InMemoryAuditLog
from tests.fakes.calendar_addresses import InMemoryCalendarAddressRepository
from tests.fakes.clock import FixedClock
from tests.fakes.consultations import InMemoryConsultationRepository, InMemoryResponseRepository
from tests.fakes.email_changes import InMemoryEmailChangeRepository
from tests.fakes.events import InMemoryEventRepository
from tests.fakes.jobs import InMemoryJobQueue
from tests.fakes.members import InMemoryMemberRepository
from tests.fakes.news import InMemoryArticleRepository
from tests.fakes.one_time_tokens import InMemoryOneTimeTokenRepository
from tests.fakes.personal_data import InMemoryPersonalData
from tests.fakes.rate_limits import InMemoryRateLimiter
from tests.fakes.sessions import InMemorySessionRepository
from tests.fakes.store import InMemoryStore
from tests.fakes.versions import VERSIONED, count_versions, refuse_collisions


class InMemoryUnitOfWork:
    """Works on a copy of the store; `commit` makes the copy the store.

    Versions count up and collide as with SQLAlchemy's `version_id_col`.
    """

    def __init__(self, store: InMemoryStore, clock: FixedClock | None = None) -> None:
        self.store = store
        self.clock = clock or FixedClock()

    async def __aenter__(self) -> Self:
        self._read = deepcopy(self.store)
        self._copy = deepcopy(self.store)
        self._flushed = deepcopy(self.store)
        copy = self._copy
        self.members = InMemoryMemberRepository(copy.members, copy.one_time_tokens)
        self.sessions = InMemorySessionRepository(copy.sessions)
        self.one_time_tokens = InMemoryOneTimeTokenRepository(copy.one_time_tokens)
        self.email_changes = InMemoryEmailChangeRepository(copy.email_changes)
        self.calendar_addresses = InMemoryCalendarAddressRepository(copy.calendar_addresses)
        self.rate_limits = InMemoryRateLimiter(copy.rate_limits)
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
