"""Secret calendar addresses in PostgreSQL: table, repository, reads."""

from dataclasses import asdict

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.queries import CalendarAddressView
from app.core.database import Connections
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.members import MemberId, Role
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry

calendar_addresses = Table(
    "calendar_addresses",
    mapper_registry.metadata,
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), primary_key=True),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)


class SqlAlchemyCalendarAddressRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace(self, address: CalendarAddress) -> None:
        row = asdict(address)
        key = [calendar_addresses.c.member_id]
        await self._session.execute(
            insert(calendar_addresses).values(row).on_conflict_do_update(index_elements=key, set_=row)
        )

    async def remove(self, member_id: MemberId) -> None:
        row = calendar_addresses.c
        await self._session.execute(delete(calendar_addresses).where(row.member_id == member_id))


class SqlAlchemyCalendarAddressQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def get_address(self, member_id: MemberId) -> CalendarAddressView:
        row = calendar_addresses.c
        async with self._reads() as connection:
            created_at = await connection.scalar(select(row.created_at).where(row.member_id == member_id))
        if created_at is None:
            raise CalendarAddressNotFoundError
        return CalendarAddressView(created_at)

    async def find_role(self, token: CalendarToken) -> Role | None:
        query = (
            select(members.c.role)
            .join_from(calendar_addresses, members)
            .where(
                calendar_addresses.c.token_digest == token.digest,
                members.c.is_active,
                members.c.email_verified_at.is_not(None),
            )
        )
        async with self._reads() as connection:
            role: Role | None = await connection.scalar(query)
        return role
