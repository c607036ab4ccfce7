"""Reads of members."""

from sqlalchemy import bindparam, select

from app.application.members_queries import MemberFilter, MemberView
from app.application.paging import Page, PageRequest
from app.core.database import Reads
from app.domain.members.member import MemberId, MemberNotFoundError
from app.infrastructure.database.keyset import Listing, by_instant, by_text
from app.infrastructure.database.members import members, not_erased, searched_members
from app.infrastructure.database.read_models import Statement, columns_of, fetch_one, given
from app.infrastructure.database.texts import has_words

SORT_KEYS = {
    "created_at": by_instant(members.c.created_at),
    "full_name": by_text(members.c.full_name),
}

MEMBER = columns_of(members, MemberView)


MEMBER_CONDITIONS = {
    "role": members.c.role == bindparam("role"),
    "is_active": members.c.is_active == bindparam("is_active"),
    "words": has_words(searched_members),
}
"""Conditions for the fields of MemberFilter."""

_MEMBERS = select(*MEMBER).where(not_erased)
_LISTING = Listing(lambda _: _MEMBERS, MemberView, members.c.id, SORT_KEYS, MEMBER_CONDITIONS)
_ONE = Statement(_MEMBERS.where(members.c.id == bindparam("id")))


class SqlAlchemyMemberQueries:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_members(self, *, where: MemberFilter, page: PageRequest) -> Page[MemberView]:
        return await _LISTING.fetch(self._reads, page=page, where=given(where))

    async def get_member(self, id: MemberId) -> MemberView:
        row = await fetch_one(self._reads, _ONE, id=id)
        if row is None:
            raise MemberNotFoundError
        return MemberView(*row)
