"""Keyed digests of addresses: without the server key, guessed addresses cannot be tried."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from uuid import UUID

from app.domain.members.contact_details import EmailAddress

KIND = b"erased-respondent"


class HmacAddressDigests:
    """HMAC-SHA256 (RFC 2104) by each key of the settings, since keys rotate while a consultation is open.

    The keys are not in the database, so a copy of it does not allow anybody to guess who was erased.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = [hmac.digest(secret.encode(), KIND, hashlib.sha256) for secret in keys.values()]

    def of(self, email: EmailAddress, consultation_id: UUID) -> Sequence[bytes]:
        message = consultation_id.bytes + email.value.encode()
        return [hmac.digest(key, message, hashlib.sha256) for key in self._keys]
