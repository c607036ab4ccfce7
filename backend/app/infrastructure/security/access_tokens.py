"""Access tokens: JWT (RFC 9068) signed with HS256, made and read by this application alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from app.application.ports import AccessToken, AccessTokenClaims, Clock
from app.domain.auth import SessionId
from app.domain.errors import InvalidTokenError
from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId

ALGORITHM = "HS256"
TYPE = "at+jwt"
ISSUER = "pau2"
AUDIENCE = "pau2-api"
REQUIRED = ["exp", "iat", "sub", "jti", "iss", "aud", "sid"]
LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(seconds=30)


class JwtAccessTokens:
    """Signs with the first key; reads what any key of the set signed, found by `kid`.

    The algorithm is ours and never the token's (RFC 8725 §3.1), and the type keeps other JWTs out
    (§3.11). A token names a session; what the member may do is not in it but in the database.
    """

    def __init__(self, keys: Mapping[str, str], *, clock: Clock) -> None:
        self._keys = keys
        self._current = next(iter(keys))
        self._clock = clock

    def issue(self, *, member_id: MemberId, session_id: SessionId) -> AccessToken:
        now = self._clock.now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(member_id),
            "sid": str(session_id),
            "jti": str(uuid7(now)),
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
        }
        headers = {"kid": self._current, "typ": TYPE}
        text = jwt.encode(claims, self._keys[self._current], ALGORITHM, headers=headers)
        return AccessToken(text=text, expires_in=LIFETIME)

    def read(self, text: str) -> AccessTokenClaims:
        """Return what a token says. Raises InvalidTokenError unless it is ours and current."""
        try:
            header = jwt.get_unverified_header(text)
            if header.get("typ") != TYPE:
                raise InvalidTokenError
            claims = jwt.decode(
                text,
                self._keys[header["kid"]],
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # Times are compared below, with the clock that everything else here goes by.
                options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            issued_at, expires_at = _instant(claims["iat"]), _instant(claims["exp"])
            if not issued_at - LEEWAY <= self._clock.now() < expires_at + LEEWAY:
                raise InvalidTokenError
            return AccessTokenClaims(
                member_id=MemberId(UUID(claims["sub"])), session_id=SessionId(UUID(claims["sid"]))
            )
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
            raise InvalidTokenError from None


def _instant(seconds: int) -> datetime:
    """Raises OverflowError, ValueError or OSError, by how far away it is."""
    return datetime.fromtimestamp(seconds, UTC)
