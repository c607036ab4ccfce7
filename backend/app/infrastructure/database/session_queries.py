"""The session reads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.application.access import Actor
from app.application.queries import Page, PageRequest, SessionView
from app.core.database import Connections
from app.domain.auth import Session
from app.domain.ports import Clock
from app.infrastructure.database.auth import sessions
from app.infrastructure.database.keyset import by_instant, fetch_page

SORT_KEYS = {"authenticated_at": by_instant(sessions.c.authenticated_at)}


class SqlAlchemySessionQueries:
    def __init__(self, reads: Connections, *, clock: Clock) -> None:
        self._reads = reads
        self._clock = clock

    async def list_sessions(self, *, actor: Actor, page: PageRequest) -> Page[SessionView]:
        row = sessions.c
        now = self._clock.now()
        query = select(row.id, row.client_name, row.authenticated_at, row.rotated_at, row.expires_at).where(
            row.member_id == actor.member_id,
            row.revoked_at.is_(None),
            row.expires_at > now,
            row.rotated_at > now - Session.IDLE_LIMIT,
        )

        def view(
            id: UUID,
            client_name: str | None,
            authenticated_at: datetime,
            rotated_at: datetime,
            expires_at: datetime,
        ) -> SessionView:
            current = id == actor.session_id
            return SessionView(id, client_name, authenticated_at, rotated_at, expires_at, current)

        async with self._reads() as connection:
            return await fetch_page(connection, query, view, id=row.id, keys=SORT_KEYS, page=page)
