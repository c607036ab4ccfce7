"""Refresh and one-time tokens that are computed with a server key.

A token is a body and its HMAC-SHA256, with a separate key for each kind of token. So the application can
distinguish forged tokens from expired ones without storing every token, and computes the same token again
when a response was lost or a mail is resent.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from uuid import UUID

from app.domain.auth import OneTimePurpose, OneTimeTokenId, RefreshToken, SessionId
from app.domain.email_changes import EmailChangeId

ID_BYTES = 16
NONCE_BYTES = 16


class _Signer:
    """Signs with the first key of the set, verifies with any of them."""

    def __init__(self, keys: Mapping[str, str], *, kind: str) -> None:
        self._keys = [_mac(secret.encode(), kind.encode()) for secret in keys.values()]

    def sign(self, body: bytes) -> str:
        signed = body + _mac(self._keys[0], body)
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")

    def verify(self, text: str, body_length: int) -> bytes | None:
        try:
            signed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        body = signed[:body_length]
        mac = signed[body_length:]
        if any(hmac.compare_digest(mac, _mac(key, body)) for key in self._keys):
            return body
        return None

    def derive(self, text: str, length: int) -> bytes:
        """Return bytes that only the holder of the key can compute from a token."""
        return _mac(self._keys[0], text.encode())[:length]


class HmacRefreshTokens:
    """Body: the session's id and a nonce, which is random in the first token of a family.

    Each further nonce is derived from the token that it replaces, so that two refreshes with the same
    token return the same successor.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._tokens = _Signer(keys, kind="refresh-token")
        self._nonces = _Signer(keys, kind="refresh-token-successor")

    def first(self, session_id: SessionId) -> RefreshToken:
        return self._make(session_id, secrets.token_bytes(NONCE_BYTES))

    def successor(self, token: RefreshToken) -> RefreshToken:
        return self._make(token.session_id, self._nonces.derive(token.text, NONCE_BYTES))

    def read(self, text: str) -> RefreshToken | None:
        body = self._tokens.verify(text, ID_BYTES + NONCE_BYTES)
        if body is None:
            return None
        return RefreshToken(SessionId(UUID(bytes=body[:ID_BYTES])), text)

    def _make(self, session_id: SessionId, nonce: bytes) -> RefreshToken:
        return RefreshToken(session_id, self._tokens.sign(session_id.bytes + nonce))


class HmacOneTimeTokens:
    """Body: the token's id, signed with a key of its purpose."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._signers = {purpose: _Signer(keys, kind=purpose.value) for purpose in OneTimePurpose}

    def text(self, id: OneTimeTokenId, purpose: OneTimePurpose) -> str:
        return self._signers[purpose].sign(id.bytes)

    def read(self, text: str, purpose: OneTimePurpose) -> OneTimeTokenId | None:
        body = self._signers[purpose].verify(text, ID_BYTES)
        return None if body is None else OneTimeTokenId(UUID(bytes=body))


class HmacEmailChangeTokens:
    """Body: the id of the change."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._signer = _Signer(keys, kind="email-change")

    def text(self, id: EmailChangeId) -> str:
        return self._signer.sign(id.bytes)

    def read(self, text: str) -> EmailChangeId | None:
        body = self._signer.verify(text, ID_BYTES)
        return None if body is None else EmailChangeId(UUID(bytes=body))


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
