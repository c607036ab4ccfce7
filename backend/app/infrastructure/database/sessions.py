"""Sessions in PostgreSQL: table, mapping, repository."""

from datetime import datetime

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Uuid,
    delete,
    or_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.auth import (
    Session,
    SessionId,
)
from app.domain.members.member import MemberId
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry

sessions = Table(
    "sessions",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("client_name", String(Session.MAX_CLIENT_NAME_LENGTH)),
    Column("token_digest", LargeBinary, nullable=False),
    Column("parent_digest", LargeBinary),
    Column("authenticated_at", DateTime(timezone=True), nullable=False),
    Column("rotated_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

mapper_registry.map_imperatively(Session, sessions)


class SqlAlchemySessionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, session: Session) -> None:
        self._session.add(session)

    async def find_locked(self, id: SessionId) -> Session | None:
        return await self._session.get(Session, id, with_for_update=True)

    async def revoke_all(self, member_id: MemberId, *, at: datetime, keep: SessionId | None = None) -> None:
        query = update(sessions).where(sessions.c.member_id == member_id, sessions.c.revoked_at.is_(None))
        if keep is not None:
            query = query.where(sessions.c.id != keep)
        await self._session.execute(query.values(revoked_at=at))

    async def remove_ended(self, *, before: datetime) -> None:
        ended = or_(
            sessions.c.revoked_at < before,
            sessions.c.expires_at < before,
            sessions.c.rotated_at < before - Session.IDLE_LIMIT,
        )
        await self._session.execute(delete(sessions).where(ended))
