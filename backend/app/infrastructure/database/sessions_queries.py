"""Reads of sessions."""

from sqlalchemy import bindparam, select

from app.application.access import Actor
from app.application.paging import Page, PageRequest
from app.application.ports import Clock
from app.application.sessions_queries import SessionView
from app.core.database import Reads
from app.domain.auth import Session
from app.infrastructure.database.keyset import Listing, by_instant
from app.infrastructure.database.sessions import sessions

SORT_KEYS = {"authenticated_at": by_instant(sessions.c.authenticated_at)}

_row = sessions.c
_CURRENT = (_row.id == bindparam("current_id")).label("current")
_SESSIONS = select(
    _row.id, _row.client_name, _row.authenticated_at, _row.rotated_at, _row.expires_at, _CURRENT
).where(
    _row.member_id == bindparam("member_id"),
    _row.revoked_at.is_(None),
    _row.expires_at > bindparam("now"),
    _row.rotated_at > bindparam("least_rotated_at"),
)
_LISTING = Listing(lambda _: _SESSIONS, SessionView, _row.id, SORT_KEYS, conditions={})


class SqlAlchemySessionQueries:
    def __init__(self, reads: Reads, *, clock: Clock) -> None:
        self._reads = reads
        self._clock = clock

    async def list_sessions(self, *, actor: Actor, page: PageRequest) -> Page[SessionView]:
        now = self._clock.now()
        return await _LISTING.fetch(
            self._reads,
            page=page,
            member_id=actor.member_id,
            current_id=actor.session_id,
            now=now,
            least_rotated_at=now - Session.IDLE_LIMIT,
        )
