"""Sessions in memory."""

from datetime import datetime
from uuid import UUID

from app.domain.auth import Session, SessionId
from app.domain.members.member import MemberId


class InMemorySessionRepository:
    def __init__(self, rows: dict[UUID, Session]) -> None:
        self._rows = rows

    def add(self, session: Session) -> None:
        self._rows[session.id] = session

    async def find_locked(self, id: SessionId) -> Session | None:
        return self._rows.get(id)

    async def revoke_all(self, member_id: MemberId, *, at: datetime, keep: SessionId | None = None) -> None:
        for session in self._rows.values():
            if session.member_id == member_id and session.id != keep:
                session.revoke(at)

    async def remove_ended(self, *, before: datetime) -> None:
        for session in list(self._rows.values()):
            ends = [session.expires_at, session.rotated_at + Session.IDLE_LIMIT, session.revoked_at]
            if any(end is not None and end < before for end in ends):
                del self._rows[session.id]
