"""Changes of email addresses in memory."""

from datetime import datetime
from uuid import UUID

from app.domain.email_changes import EmailChange, EmailChangeId
from app.domain.members.member import MemberId


class InMemoryEmailChangeRepository:
    def __init__(self, rows: dict[UUID, EmailChange]) -> None:
        self._rows = rows

    async def replace(self, change: EmailChange) -> None:
        await self.withdraw(change.member_id)
        self._rows[change.id] = change

    async def find(self, id: EmailChangeId) -> EmailChange | None:
        return self._rows.get(id)

    async def find_locked(self, id: EmailChangeId) -> EmailChange | None:
        return self._rows.get(id)

    async def withdraw(self, member_id: MemberId) -> None:
        for change in [each for each in self._rows.values() if each.member_id == member_id]:
            if change.confirmed_at is None:
                del self._rows[change.id]

    async def remove_expired(self, *, before: datetime) -> None:
        for change in [each for each in self._rows.values() if each.expires_at < before]:
            del self._rows[change.id]
