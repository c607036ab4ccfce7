"""Password hashing with Argon2id (RFC 9106, ASVS 5.0 6.2.12 and 11.4.2)."""

import asyncio
import base64
import os
import secrets
from concurrent.futures import ThreadPoolExecutor

import argon2

from app.domain.auth import Password


class Argon2PasswordHasher:
    """Argon2id with 19 MiB, two passes and one lane, in one thread for each processor.

    More threads would not be faster, and each would need 19 MiB. A hash for an unknown account is verified
    against a dummy hash, so that it takes as long.
    """

    def __init__(
        self, *, memory_kib: int = 19 * 1024, passes: int = 2, max_concurrent: int | None = None
    ) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(max_concurrent or os.cpu_count(), "argon2")
        salt = _unpadded(secrets.token_bytes(16))
        tag = _unpadded(secrets.token_bytes(32))
        self._dummy_hash = f"$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${tag}"

    async def hash(self, password: Password) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._argon2.hash, password.value)

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, self._matches, password_hash or self._dummy_hash, password.value
        )

    def needs_rehash(self, password_hash: str) -> bool:
        return self._argon2.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, text: str) -> bool:
        try:
            return self._argon2.verify(password_hash, text)
        except argon2.exceptions.VerifyMismatchError:
            return False


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
