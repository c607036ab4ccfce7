from datetime import datetime, timedelta

import pytest

from app.domain.auth import (
    InvalidGrantError,
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenError,
    Password,
    PasswordLengthError,
    PasswordTooCommonError,
    RefreshToken,
    RefreshTokenReplayedError,
    Session,
    SessionId,
)
from app.domain.identifiers import uuid7
from tests.factories import NOW, make_member

SESSION_ID = SessionId(uuid7(NOW))
SECOND = timedelta(seconds=1)


def token(name: str) -> RefreshToken:
    return RefreshToken(SESSION_ID, name)


FIRST, SECOND_TOKEN, THIRD, FOURTH = (token(name) for name in ("first", "second", "third", "fourth"))


@pytest.fixture
def session() -> Session:
    return Session.start(FIRST, member_id=make_member().id, at=NOW)


# Passwords


def test_passwords_are_equal_when_unicode_composition_differs() -> None:
    assert Password.typed("cafe\u0301") == Password.typed("caf\u00e9")


@pytest.mark.parametrize("length", [15, 128])
def test_accepts_a_password_when_its_length_is_at_a_limit(length: int) -> None:
    text = "heron dives at dawn, quietly! "
    assert len(Password.chosen((text * 5)[:length]).value) == length


@pytest.mark.parametrize("length", [0, 14, 129])
def test_refuses_a_password_when_its_length_is_beyond_a_limit(length: int) -> None:
    text = "heron dives at dawn, quietly! "
    with pytest.raises(PasswordLengthError):
        Password.chosen((text * 5)[:length])


def test_counts_composed_characters_when_accents_are_separate() -> None:
    with pytest.raises(PasswordLengthError):
        Password.chosen("e\u0301" * 14)


def test_takes_the_password_as_it_is_when_it_has_outer_spaces() -> None:
    assert Password.chosen("  seven herons at dawn ").value == "  seven herons at dawn "


@pytest.mark.parametrize(
    "text",
    [
        "passwordpassword",
        "P4ssw0rd2026!!!!",
        "aaaaaaaaaaaaaaaaaaaa",
        "1234567890123456",
        "qwertyuiopasdfgh",
        "pau2 asociación de vecinos",
        "PAU-2 association 2026",
        "contraseña123456",
        "abababababababab",
        "abcxyabcxyabcxyabcxy",
    ],
)
def test_refuses_a_password_when_it_is_guessed_first(text: str) -> None:
    with pytest.raises(PasswordTooCommonError):
        Password.chosen(text)


def test_refuses_password_when_made_of_own_name_and_address() -> None:
    personal = ("marta.ibanez@pau2.example", "Marta Ibáñez")
    with pytest.raises(PasswordTooCommonError):
        Password.chosen("MartaIbáñez-ibanez1", personal=personal)
    accepted = "Marta counts seven herons"
    assert Password.chosen(accepted, personal=personal).value == accepted


def test_accepts_a_password_when_it_has_six_different_characters() -> None:
    assert Password.chosen("abcxyz" * 3).value == "abcxyz" * 3


def test_password_stays_out_of_repr_when_printed() -> None:
    assert "canary" not in repr(Password.typed("canary"))


# Sessions


def test_stores_digests_and_no_token_when_started_and_rotated(session: Session) -> None:
    session.rotate(FIRST, SECOND_TOKEN, NOW)

    values = repr(vars(session))
    assert FIRST.text not in values
    assert SECOND_TOKEN.text not in values
    assert session.token_digest == SECOND_TOKEN.digest


def test_rotates_again_and_again_when_the_live_token_comes(session: Session) -> None:
    session.rotate(FIRST, SECOND_TOKEN, NOW)
    session.rotate(SECOND_TOKEN, THIRD, NOW + SECOND)

    assert session.token_digest == THIRD.digest
    assert session.rotated_at == NOW + SECOND
    assert session.authenticated_at == NOW


@pytest.mark.parametrize("after", [0 * SECOND, 12 * SECOND, timedelta(days=13)])
def test_keeps_the_live_token_when_its_parent_retries(session: Session, after: timedelta) -> None:
    session.rotate(FIRST, SECOND_TOKEN, NOW)

    session.rotate(FIRST, SECOND_TOKEN, NOW + after)

    assert (session.token_digest, session.rotated_at) == (SECOND_TOKEN.digest, NOW + after)
    session.rotate(SECOND_TOKEN, THIRD, NOW + after)


def test_ends_when_a_token_comes_again_whose_successor_was_used(session: Session) -> None:
    session.rotate(FIRST, SECOND_TOKEN, NOW)
    session.rotate(SECOND_TOKEN, THIRD, NOW + SECOND)

    with pytest.raises(RefreshTokenReplayedError):
        session.rotate(FIRST, SECOND_TOKEN, NOW + 2 * SECOND)

    assert session.revoked_at == NOW + 2 * SECOND


def test_revokes_every_token_when_oldest_of_three_is_replayed(session: Session) -> None:
    session.rotate(FIRST, SECOND_TOKEN, NOW)
    session.rotate(SECOND_TOKEN, THIRD, NOW)

    with pytest.raises(RefreshTokenReplayedError):
        session.rotate(FIRST, SECOND_TOKEN, NOW)

    for presented in (FIRST, SECOND_TOKEN, THIRD):
        with pytest.raises(InvalidGrantError):
            session.rotate(presented, FOURTH, NOW)


def test_ends_when_retried_parent_gets_another_successor(session: Session) -> None:
    session.rotate(FIRST, SECOND_TOKEN, NOW)

    with pytest.raises(RefreshTokenReplayedError):
        session.rotate(FIRST, THIRD, NOW)


def test_ends_when_idle_for_14_days(session: Session) -> None:
    assert not session.has_ended(NOW + timedelta(days=14) - SECOND)
    with pytest.raises(InvalidGrantError):
        session.rotate(FIRST, SECOND_TOKEN, NOW + timedelta(days=14))


def test_ends_after_30_days_when_used_all_the_time(session: Session) -> None:
    day: datetime = NOW
    presented = FIRST
    for number in range(29):
        day += timedelta(days=1)
        successor = token(str(number))
        session.rotate(presented, successor, day)
        presented = successor

    with pytest.raises(InvalidGrantError):
        session.rotate(presented, FOURTH, NOW + timedelta(days=30))


def test_keeps_the_first_date_when_revoked_twice(session: Session) -> None:
    session.revoke(NOW)
    session.revoke(NOW + SECOND)

    assert session.revoked_at == NOW


# One-time tokens


@pytest.fixture
def one_time() -> OneTimeToken:
    return OneTimeToken.issue(member_id=make_member().id, purpose=OneTimePurpose.VERIFY_EMAIL, at=NOW)


def test_can_be_redeemed_once_when_in_time(one_time: OneTimeToken) -> None:
    one_time.redeem(NOW + timedelta(hours=24) - SECOND)

    with pytest.raises(OneTimeTokenError):
        one_time.redeem(NOW)


def test_lasts_as_long_as_its_purpose_needs_when_issued() -> None:
    assert {purpose: purpose.lifetime for purpose in OneTimePurpose} == {
        OneTimePurpose.VERIFY_EMAIL: timedelta(hours=24),
        OneTimePurpose.RECOVERY: timedelta(minutes=30),
        OneTimePurpose.INVITATION: timedelta(days=7),
    }


def test_cannot_be_redeemed_when_24_hours_old(one_time: OneTimeToken) -> None:
    with pytest.raises(OneTimeTokenError):
        one_time.redeem(NOW + timedelta(hours=24))
