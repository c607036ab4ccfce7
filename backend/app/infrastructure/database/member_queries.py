"""The member reads: Core rows on AUTOCOMMIT connections, no identity map."""

from sqlalchemy import ColumnElement, select

from app.application.queries import MemberFilter, MemberView, Page, PageRequest
from app.core.database import Connections
from app.domain.members import MemberId, MemberNotFoundError
from app.infrastructure.database.keyset import by_instant, by_text, fetch_page
from app.infrastructure.database.members import members, not_erased, searched_members
from app.infrastructure.database.read_models import columns_of
from app.infrastructure.database.texts import has_words

SORT_KEYS = {
    "created_at": by_instant(members.c.created_at),
    "full_name": by_text(members.c.full_name),
}

MEMBER = columns_of(members, MemberView)


def matching_members(where: MemberFilter) -> list[ColumnElement[bool]]:
    wanted = {members.c.role: where.role, members.c.is_active: where.is_active}
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if where.words is not None:
        conditions.append(has_words(searched_members, where.words))
    return [not_erased, *conditions]


class SqlAlchemyMemberQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def list_members(self, *, where: MemberFilter, page: PageRequest) -> Page[MemberView]:
        query = select(*MEMBER).where(*matching_members(where))
        async with self._reads() as connection:
            return await fetch_page(connection, query, MemberView, id=members.c.id, keys=SORT_KEYS, page=page)

    async def get_member(self, id: MemberId) -> MemberView:
        query = select(*MEMBER).where(members.c.id == id, not_erased)
        async with self._reads() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise MemberNotFoundError
        return MemberView(*row)
