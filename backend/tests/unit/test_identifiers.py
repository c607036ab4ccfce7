import secrets
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest

from app.domain.identifiers import uuid7


def test_matches_rfc_9562_when_instant_is_its_example() -> None:
    made = uuid7(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC))

    assert made.hex[:12] == "017f22e279b0"
    assert made.version == 7
    assert made.variant == RFC_4122


@pytest.mark.parametrize("number", [0, (1 << 62) - 1])
def test_sets_time_version_variant_and_random_bits_when_made(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """999 microseconds are 0xFFB of 4096 parts of a millisecond, rounded down."""
    monkeypatch.setattr(secrets, "randbits", {62: number}.__getitem__)

    made = uuid7(datetime(1970, 1, 1, 0, 0, 0, 5_999, tzinfo=UTC))

    assert (made.int >> 80, made.int >> 64 & 0xFFFF, made.int >> 62 & 3) == (5, 0x7FFB, 2)
    assert made.int & ((1 << 62) - 1) == number


def test_sorts_by_time_when_microseconds_apart() -> None:
    start = datetime(2026, 11, 22, 9, 30, 0, 999_990, tzinfo=UTC)
    made = [uuid7(start + timedelta(microseconds=step)) for step in range(20)]

    assert made == sorted(made)


def test_differs_when_made_at_the_same_instant() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)

    assert len({uuid7(at) for _ in range(100)}) == 100
