"""One-time tokens in memory."""

from datetime import datetime
from uuid import UUID

from app.domain.auth import OneTimeToken, OneTimeTokenId
from app.domain.members.member import MemberId


class InMemoryOneTimeTokenRepository:
    def __init__(self, rows: dict[UUID, OneTimeToken]) -> None:
        self._rows = rows

    async def replace(self, token: OneTimeToken) -> None:
        key = (token.member_id, token.purpose)
        for old in [row for row in self._rows.values() if (row.member_id, row.purpose) == key]:
            del self._rows[old.id]
        self._rows[token.id] = token

    async def find_locked(self, id: OneTimeTokenId) -> OneTimeToken | None:
        return self._rows.get(id)

    async def remove_all(self, member_id: MemberId) -> None:
        for token in [each for each in self._rows.values() if each.member_id == member_id]:
            del self._rows[token.id]

    async def remove_expired(self, *, before: datetime) -> None:
        for token in [each for each in self._rows.values() if each.expires_at < before]:
            del self._rows[token.id]
