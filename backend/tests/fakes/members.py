"""Members in memory."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.domain.auth import OneTimeToken
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import (
    Member,
    MemberId,
    MemberNotFoundError,
    Role,
)


class InMemoryMemberRepository:
    def __init__(self, rows: dict[UUID, Member], tokens: dict[UUID, OneTimeToken]) -> None:
        self._rows = rows
        self._tokens = tokens

    def add(self, member: Member) -> None:
        self._rows[member.id] = member

    async def get(self, id: MemberId) -> Member:
        member = await self.find(id)
        if member is None:
            raise MemberNotFoundError
        return member

    async def get_locked(self, id: MemberId) -> Member:
        return await self.get(id)

    async def lock_admins(self) -> frozenset[MemberId]:
        members = self._rows.values()
        return frozenset(each.id for each in members if each.role is Role.ADMIN and each.may_log_in)

    async def find(self, id: MemberId) -> Member | None:
        member = self._rows.get(id)
        return None if member is None or member.erased_at is not None else member

    async def find_by_email(self, email: EmailAddress) -> Member | None:
        members = self._rows.values()
        return next((each for each in members if each.email == email and each.erased_at is None), None)

    async def find_by_email_locked(self, email: EmailAddress) -> Member | None:
        return await self.find_by_email(email)

    async def list_unproven_locked(self, *, before: datetime, at: datetime, limit: int) -> Sequence[Member]:
        waiting = {each.member_id for each in self._tokens.values() if each.is_redeemable(at)}
        unproven = [
            each
            for _, each in sorted(self._rows.items())
            if each.email_verified_at is None and each.erased_at is None
        ]
        return [each for each in unproven if each.created_at < before and each.id not in waiting][:limit]
