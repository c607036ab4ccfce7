"""The member reads: Core rows on AUTOCOMMIT connections, no identity map."""

from typing import Any

from sqlalchemy import Column, ColumnElement, select

from app.application.queries import MemberFilter, MemberView, Page, PageRequest
from app.core.database import Connections
from app.domain.members import MemberId, MemberNotFoundError
from app.infrastructure.database.keyset import by_instant, by_text, fetch_page
from app.infrastructure.database.members import members

SORT_KEYS = {
    "created_at": by_instant(members.c.created_at),
    "full_name": by_text(members.c.full_name),
}

_VIEW: tuple[Column[Any], ...] = (
    members.c.id,
    members.c.email,
    members.c.full_name,
    members.c.phone,
    members.c.role,
    members.c.is_active,
    members.c.language,
    members.c.email_verified_at,
    members.c.created_at,
    members.c.updated_at,
    members.c.version,
)


def matching_members(where: MemberFilter) -> list[ColumnElement[bool]]:
    wanted = {members.c.role: where.role, members.c.is_active: where.is_active}
    given = [column == value for column, value in wanted.items() if value is not None]
    return [members.c.erased_at.is_(None), *given]


class SqlAlchemyMemberQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def list_members(self, *, where: MemberFilter, page: PageRequest) -> Page[MemberView]:
        query = select(*_VIEW).where(*matching_members(where))
        async with self._reads() as connection:
            return await fetch_page(connection, query, MemberView, id=members.c.id, keys=SORT_KEYS, page=page)

    async def get_member(self, id: MemberId) -> MemberView:
        query = select(*_VIEW).where(members.c.id == id, members.c.erased_at.is_(None))
        async with self._reads() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise MemberNotFoundError
        return MemberView(*row)
