"""Changes of address in PostgreSQL: table, mapping, repository."""

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Table, Uuid, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.email_changes import EmailChange, EmailChangeId
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import MemberId
from app.infrastructure.database.members import TextOf, members
from app.infrastructure.database.metadata import mapper_registry

email_changes = Table(
    "email_changes",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("session_id", Uuid, nullable=False),
    Column("old_email", TextOf(EmailAddress), nullable=False),
    Column("new_email", TextOf(EmailAddress), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
)

mapper_registry.map_imperatively(EmailChange, email_changes)


class SqlAlchemyEmailChangeRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace(self, change: EmailChange) -> None:
        await self.withdraw(change.member_id)
        self._session.add(change)

    async def find(self, id: EmailChangeId) -> EmailChange | None:
        return await self._session.get(EmailChange, id)

    async def find_locked(self, id: EmailChangeId) -> EmailChange | None:
        """Lock the member first, as changes and erasures do, and read the last committed version."""
        owner = select(email_changes.c.member_id).where(email_changes.c.id == id).scalar_subquery()
        await self._session.execute(select(members.c.id).where(members.c.id == owner).with_for_update())
        return await self._session.get(EmailChange, id, with_for_update=True)

    async def withdraw(self, member_id: MemberId) -> None:
        row = email_changes.c
        waiting = (row.member_id == member_id, row.confirmed_at.is_(None))
        await self._session.execute(delete(email_changes).where(*waiting))

    async def remove_expired(self, *, before: datetime) -> None:
        await self._session.execute(delete(email_changes).where(email_changes.c.expires_at < before))
