"""Sessions and one-time tokens in PostgreSQL: tables, mapping, repositories."""

from dataclasses import asdict

from sqlalchemy import (
    Column,
    DateTime,
    Enum,
    ForeignKey,
    LargeBinary,
    Table,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.auth import (
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenId,
    Session,
    SessionId,
)
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry

sessions = Table(
    "sessions",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("token_digest", LargeBinary, nullable=False),
    Column("parent_digest", LargeBinary),
    Column("authenticated_at", DateTime(timezone=True), nullable=False),
    Column("rotated_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

one_time_tokens = Table(
    "one_time_tokens",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), nullable=False),
    Column(
        "purpose",
        Enum(OneTimePurpose, native_enum=False, create_constraint=True, name="purpose", length=20),
        nullable=False,
    ),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("redeemed_at", DateTime(timezone=True)),
    UniqueConstraint("member_id", "purpose"),
)

mapper_registry.map_imperatively(Session, sessions)
mapper_registry.map_imperatively(OneTimeToken, one_time_tokens)


class SqlAlchemySessionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, session: Session) -> None:
        self._session.add(session)

    async def find_locked(self, id: SessionId) -> Session | None:
        return await self._session.get(Session, id, with_for_update=True)


class SqlAlchemyOneTimeTokenRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace(self, token: OneTimeToken) -> None:
        """One statement, so that of two replacements at the same time one comes second."""
        await self._session.flush()
        row = asdict(token)
        key = [one_time_tokens.c.member_id, one_time_tokens.c.purpose]
        await self._session.execute(
            insert(one_time_tokens).values(row).on_conflict_do_update(index_elements=key, set_=row)
        )

    async def find_locked(self, id: OneTimeTokenId) -> OneTimeToken | None:
        return await self._session.get(OneTimeToken, id, with_for_update=True)
