"""Authentication: verifies the access token, and reads its session and member in one statement."""

from sqlalchemy import bindparam, select

from app.application.access import Actor
from app.application.ports import AccessTokens, Clock
from app.core.database import Reads
from app.domain.errors import InvalidTokenError
from app.infrastructure.database.members import members
from app.infrastructure.database.read_models import Statement, fetch_one
from app.infrastructure.database.sessions import sessions

_SESSION = Statement(
    select(members.c.role, sessions.c.authenticated_at)
    .join_from(sessions, members)
    .where(
        sessions.c.id == bindparam("session_id"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
        members.c.id == bindparam("member_id"),
        members.c.is_active,
    )
)


class SqlAlchemyAuthenticator:
    def __init__(self, reads: Reads, *, tokens: AccessTokens, clock: Clock) -> None:
        self._reads = reads
        self._tokens = tokens
        self._clock = clock

    async def authenticate(self, token: str) -> Actor:
        claims = self._tokens.read(token)
        row = await fetch_one(
            self._reads,
            _SESSION,
            session_id=claims.session_id,
            member_id=claims.member_id,
            now=self._clock.now(),
        )
        if row is None:
            raise InvalidTokenError
        role, authenticated_at = row
        return Actor(
            member_id=claims.member_id,
            role=role,
            session_id=claims.session_id,
            authenticated_at=authenticated_at,
        )
