"""One-time tokens in PostgreSQL: table, mapping, repository."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.auth import (
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenId,
)
from app.domain.members.member import MemberId
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry

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

mapper_registry.map_imperatively(OneTimeToken, one_time_tokens)


class SqlAlchemyOneTimeTokenRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace(self, token: OneTimeToken) -> None:
        """Replace in one statement, so that concurrent replacements run one after the other."""
        await self._session.flush()
        row = asdict(token)
        key = [one_time_tokens.c.member_id, one_time_tokens.c.purpose]
        await self._session.execute(
            insert(one_time_tokens).values(row).on_conflict_do_update(index_elements=key, set_=row)
        )

    async def find_locked(self, id: OneTimeTokenId) -> OneTimeToken | None:
        """Lock the member first, as changes and erasures of members do, to avoid a deadlock."""
        owner = select(one_time_tokens.c.member_id).where(one_time_tokens.c.id == id).scalar_subquery()
        await self._session.execute(select(members.c.id).where(members.c.id == owner).with_for_update())
        return await self._session.get(OneTimeToken, id, with_for_update=True)

    async def remove_all(self, member_id: MemberId) -> None:
        await self._session.execute(delete(one_time_tokens).where(one_time_tokens.c.member_id == member_id))

    async def remove_expired(self, *, before: datetime) -> None:
        await self._session.execute(delete(one_time_tokens).where(one_time_tokens.c.expires_at < before))
