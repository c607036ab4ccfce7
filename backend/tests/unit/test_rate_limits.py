from datetime import timedelta

import pytest

from app.domain.rate_limits import (
    RateLimitCount,
    TooManyAttemptsError,
    account_key,
    client_key,
    require_attempts_left,
)
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


def test_lets_pass_when_the_tenth_attempt_is_the_last() -> None:
    require_attempts_left([RateLimitCount(10, NOW + MINUTE), RateLimitCount(1, NOW + MINUTE)], NOW)


def test_asks_for_half_a_minute_when_the_wait_is_unknown() -> None:
    assert TooManyAttemptsError().retry_after == MINUTE / 2


def test_says_how_long_to_wait_when_any_count_is_over_the_limit() -> None:
    counts = [
        RateLimitCount(11, NOW + MINUTE),
        RateLimitCount(12, NOW + 3 * MINUTE),
        RateLimitCount(1, NOW + 5 * MINUTE),
    ]

    with pytest.raises(TooManyAttemptsError) as raised:
        require_attempts_left(counts, NOW)

    assert raised.value.retry_after == 3 * MINUTE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("2001:DB8:1:2::1", "2001:db8:1:2:0::1"),
        ("203.0.113.7", "203.0.113.7"),
    ],
)
def test_counts_as_one_client_when_addresses_share_a_network(one: str, other: str) -> None:
    assert client_key(one) == client_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("203.0.113.7", "203.0.113.8"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("a-socket", "")],
)
def test_counts_as_two_clients_when_addresses_differ(one: str, other: str) -> None:
    assert client_key(one) != client_key(other)


def test_keys_hold_no_address_when_made() -> None:
    keys = account_key("marta@pau2.example"), client_key("marta@pau2.example")

    assert keys[0] != keys[1]
    assert all(len(key) == 32 and b"marta" not in bytes(key) for key in keys)
