"""Access tokens: JWT (RFC 9068) signed with HS256, issued and verified by this application alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
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
MAX_CACHED_TOKENS = 1024
"""Verified tokens that a process caches: verifying one takes as long as reading its session."""


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    """A token with a good signature, and the time in which it is accepted, LEEWAY included."""

    claims: AccessTokenClaims
    begins_at: datetime
    ends_at: datetime


class JwtAccessTokens:
    """Signs with the first key; verifies with the key of the set that `kid` names.

    The algorithm is fixed, whatever the token says (RFC 8725 §3.1), and the type excludes other JWTs
    (§3.11). A token names a session; the member's permissions are read from the database.

    A signature is verified once for each token, since the result never changes. The token's age and its
    session are checked for each request.
    """

    def __init__(self, keys: Mapping[str, str], *, clock: Clock) -> None:
        self._keys = keys
        self._current = next(iter(keys))
        self._clock = clock
        self._verified = lru_cache(maxsize=MAX_CACHED_TOKENS)(self._verify)

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
        """Return the claims of a token. Raises InvalidTokenError unless it is ours and current."""
        token = self._verified(text)
        if not token.begins_at <= self._clock.now() < token.ends_at:
            raise InvalidTokenError
        return token.claims

    def _verify(self, text: str) -> _VerifiedToken:
        """Check the signature and the form. Raises InvalidTokenError, whatever the time is."""
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
                # `read` compares times with the application's clock.
                options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            return _VerifiedToken(
                claims=AccessTokenClaims(
                    member_id=MemberId(UUID(claims["sub"])), session_id=SessionId(UUID(claims["sid"]))
                ),
                begins_at=_instant(claims["iat"]) - LEEWAY,
                ends_at=_instant(claims["exp"]) + LEEWAY,
            )
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
            raise InvalidTokenError from None


def _instant(seconds: int) -> datetime:
    """Raises OverflowError, ValueError or OSError for seconds out of range."""
    return datetime.fromtimestamp(seconds, UTC)
