"""Who is asking: the access token, and one statement for everything the database knows about it."""

from sqlalchemy import select

from app.application.access import Actor
from app.application.ports import AccessTokens
from app.core.database import Connections
from app.domain.errors import InvalidTokenError
from app.domain.ports import Clock
from app.infrastructure.database.auth import sessions
from app.infrastructure.database.members import members


class SqlAlchemyAuthenticator:
    def __init__(self, reads: Connections, *, tokens: AccessTokens, clock: Clock) -> None:
        self._reads = reads
        self._tokens = tokens
        self._clock = clock

    async def authenticate(self, token: str) -> Actor:
        claims = self._tokens.read(token)
        query = (
            select(members.c.role, sessions.c.authenticated_at)
            .join_from(sessions, members)
            .where(
                sessions.c.id == claims.session_id,
                sessions.c.revoked_at.is_(None),
                sessions.c.expires_at > self._clock.now(),
                members.c.id == claims.member_id,
                members.c.is_active,
            )
        )
        async with self._reads() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise InvalidTokenError
        return Actor(
            member_id=claims.member_id,
            role=row.role,
            session_id=claims.session_id,
            authenticated_at=row.authenticated_at,
        )
