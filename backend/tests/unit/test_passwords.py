import asyncio
import os
import threading
from time import sleep

import argon2
import pytest

from app.domain.auth import Password
from app.infrastructure.security.passwords import Argon2PasswordHasher

PASSWORD = Password.typed("seven herons at dawn")


class WatchedPasswordHasher(Argon2PasswordHasher):
    """Records how many comparisons run concurrently."""

    most = 0
    _running = 0
    _lock = threading.Lock()

    def _matches(self, password_hash: str, text: str) -> bool:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        sleep(0.01)
        matches = super()._matches(password_hash, text)
        with self._lock:
            self._running -= 1
        return matches


@pytest.fixture
def cheap() -> Argon2PasswordHasher:
    return Argon2PasswordHasher(memory_kib=8, passes=1)


async def test_costs_what_owasp_asks_for_when_nothing_is_given() -> None:
    password_hash = await Argon2PasswordHasher().hash(PASSWORD)

    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_matches_its_own_hash_only_when_the_password_is_the_same(cheap: Argon2PasswordHasher) -> None:
    password_hash = await cheap.hash(PASSWORD)

    assert await cheap.verify(PASSWORD, password_hash)
    assert not await cheap.verify(Password.typed("seven herons at dusk"), password_hash)
    assert await cheap.hash(PASSWORD) != password_hash


async def test_works_as_hard_and_in_vain_when_there_is_no_hash() -> None:
    hasher = Argon2PasswordHasher()

    assert not await hasher.verify(PASSWORD, None)
    assert argon2.extract_parameters(hasher._dummy_hash) == argon2.extract_parameters(
        await hasher.hash(PASSWORD)
    )


async def test_asks_for_a_new_hash_when_parameters_changed(cheap: Argon2PasswordHasher) -> None:
    password_hash = await cheap.hash(PASSWORD)

    assert not cheap.needs_rehash(password_hash)
    assert Argon2PasswordHasher(memory_kib=16, passes=1).needs_rehash(password_hash)


async def test_hashes_only_so_many_at_once_when_many_log_in() -> None:
    hasher = WatchedPasswordHasher(memory_kib=8, passes=1, max_concurrent=2)

    await asyncio.gather(*(hasher.verify(PASSWORD, None) for _ in range(8)))

    assert hasher.most == 2


def test_hashes_one_per_processor_when_no_limit_is_set() -> None:
    assert Argon2PasswordHasher()._threads._max_workers == os.cpu_count()
