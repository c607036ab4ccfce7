"""The unit of work on SQLAlchemy."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.infrastructure.database.audit import SqlAlchemyAuditLog
from app.infrastructure.database.calendar_addresses import SqlAlchemyCalendarAddressRepository
from app.infrastructure.database.consultations import SqlAlchemyConsultationRepository
from app.infrastructure.database.email_changes import SqlAlchemyEmailChangeRepository
from app.infrastructure.database.errors import translated_errors
from app.infrastructure.database.events import SqlAlchemyEventRepository
from app.infrastructure.database.members import SqlAlchemyMemberRepository
from app.infrastructure.database.news import SqlAlchemyArticleRepository
from app.infrastructure.database.one_time_tokens import SqlAlchemyOneTimeTokenRepository
from app.infrastructure.database.personal_data import SqlAlchemyPersonalData
from app.infrastructure.database.rate_limits import SqlAlchemyRateLimiter
from app.infrastructure.database.responses import SqlAlchemyResponseRepository
from app.infrastructure.database.sessions import SqlAlchemySessionRepository
from app.infrastructure.jobs.queue import ProcrastinateJobQueue


class SqlAlchemyUnitOfWork:
    """One AsyncSession, opened on entry, rolled back and closed on exit unless committed."""

    def __init__(self, sessions: Callable[[], AsyncSession]) -> None:
        self._sessions = sessions

    async def __aenter__(self) -> Self:
        self._session = session = self._sessions()
        self.members = SqlAlchemyMemberRepository(session)
        self.sessions = SqlAlchemySessionRepository(session)
        self.one_time_tokens = SqlAlchemyOneTimeTokenRepository(session)
        self.email_changes = SqlAlchemyEmailChangeRepository(session)
        self.calendar_addresses = SqlAlchemyCalendarAddressRepository(session)
        self.rate_limits = SqlAlchemyRateLimiter(session)
        self.personal_data = SqlAlchemyPersonalData(session)
        self.news = SqlAlchemyArticleRepository(session)
        self.consultations = SqlAlchemyConsultationRepository(session)
        self.responses = SqlAlchemyResponseRepository(session)
        self.events = SqlAlchemyEventRepository(session)
        self.audit = SqlAlchemyAuditLog(session)
        self.jobs = ProcrastinateJobQueue(session)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._session.close()
        if exc is not None:
            with translated_errors():
                raise exc

    async def now(self) -> datetime:
        now: datetime = (await self._session.scalars(select(func.clock_timestamp()))).one()
        return now

    async def flush(self) -> None:
        with translated_errors():
            await self._session.flush()

    async def commit(self) -> None:
        with translated_errors():
            await self._session.commit()
        self.audit.log_committed()
