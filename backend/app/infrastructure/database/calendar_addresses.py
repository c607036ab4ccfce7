"""Secret calendar addresses in PostgreSQL: table, repository, reads."""

from dataclasses import asdict

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.calendar_addresses_queries import CalendarAddressView
from app.core.database import Reads
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.members.member import MemberId, Role
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry
from app.infrastructure.database.read_models import Statement, fetch_one

calendar_addresses = Table(
    "calendar_addresses",
    mapper_registry.metadata,
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), primary_key=True),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

_row = calendar_addresses.c
_ADDRESS = Statement(select(_row.created_at).where(_row.member_id == bindparam("member_id")))
_ROLE = Statement(
    select(members.c.role)
    .join_from(calendar_addresses, members)
    .where(
        _row.token_digest == bindparam("token_digest"),
        members.c.is_active,
        members.c.email_verified_at.is_not(None),
    )
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
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def get_address(self, member_id: MemberId) -> CalendarAddressView:
        row = await fetch_one(self._reads, _ADDRESS, member_id=member_id)
        if row is None:
            raise CalendarAddressNotFoundError
        return CalendarAddressView(*row)

    async def find_role(self, token: CalendarToken) -> Role | None:
        row = await fetch_one(self._reads, _ROLE, token_digest=token.digest)
        return None if row is None else row[0]
