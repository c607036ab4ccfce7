import base64
from datetime import timedelta
from typing import Any

import jwt
import pytest

from app.domain.auth import OneTimePurpose, OneTimeTokenId, SessionId
from app.domain.errors import UnauthenticatedError
from app.domain.identifiers import uuid7
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.signed_tokens import HmacOneTimeTokens, HmacRefreshTokens
from tests.factories import NOW, make_member
from tests.fakes import FixedClock

KEYS = {"new": "n" * 32, "old": "o" * 32}
MEMBER_ID = make_member().id
SESSION_ID = SessionId(uuid7(NOW))
VERIFY = OneTimePurpose.VERIFY_EMAIL


@pytest.fixture
def tokens(clock: FixedClock) -> JwtAccessTokens:
    return JwtAccessTokens(KEYS, clock=clock)


def forged(
    *,
    key: str = KEYS["new"],
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
    without: str = "",
    **claims: Any,
) -> str:
    """Return a valid token with the given parts replaced."""
    now = int(FixedClock().now().timestamp())
    ours = {
        "iss": "pau2",
        "aud": "pau2-api",
        "sub": str(MEMBER_ID),
        "sid": str(SESSION_ID),
        "jti": "1",
        "iat": now,
        "exp": now + 600,
    }
    payload = {name: value for name, value in (ours | claims).items() if name != without}
    given = {"kid": "new", "typ": "at+jwt"} | (headers or {})
    kept = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(payload, key, algorithm, headers=kept)


def test_says_who_and_which_session_when_read_back(tokens: JwtAccessTokens) -> None:
    claims = tokens.read(tokens.issue(member_id=MEMBER_ID, session_id=SESSION_ID).text)

    assert (claims.member_id, claims.session_id) == (MEMBER_ID, SESSION_ID)


def test_refuses_a_token_that_it_has_read_when_it_expires(tokens: JwtAccessTokens, clock: FixedClock) -> None:
    token = tokens.issue(member_id=MEMBER_ID, session_id=SESSION_ID)
    tokens.read(token.text)

    clock.move(token.expires_in + timedelta(seconds=30))

    with pytest.raises(UnauthenticatedError):
        tokens.read(token.text)


def test_verifies_a_signature_once_when_a_token_is_read_again(
    tokens: JwtAccessTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tokens.issue(member_id=MEMBER_ID, session_id=SESSION_ID).text
    first = tokens.read(text)

    monkeypatch.delattr(jwt, "decode")

    assert tokens.read(text) == first


def test_forgery_helper_makes_valid_tokens_when_unchanged(tokens: JwtAccessTokens) -> None:
    assert tokens.read(forged()).member_id == MEMBER_ID


def test_holds_nothing_but_ids_and_times_when_issued(tokens: JwtAccessTokens) -> None:
    issued = tokens.issue(member_id=MEMBER_ID, session_id=SESSION_ID)

    claims = jwt.decode(issued.text, options={"verify_signature": False})

    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == issued.expires_in.total_seconds() == 600
    assert jwt.get_unverified_header(issued.text) == {"alg": "HS256", "kid": "new", "typ": "at+jwt"}


def test_accepts_tokens_of_previous_key_when_still_in_the_set(clock: FixedClock) -> None:
    before = JwtAccessTokens({"old": KEYS["old"]}, clock=clock)
    text = before.issue(member_id=MEMBER_ID, session_id=SESSION_ID).text

    assert JwtAccessTokens(KEYS, clock=clock).read(text).member_id == MEMBER_ID
    with pytest.raises(UnauthenticatedError):
        JwtAccessTokens({"new": KEYS["new"]}, clock=clock).read(text)


@pytest.mark.parametrize(
    ("moved", "accepted"),
    [
        (timedelta(minutes=10, seconds=29), True),
        (timedelta(minutes=10, seconds=30), False),
        (timedelta(seconds=-30), True),
        (timedelta(seconds=-31), False),
    ],
)
def test_allows_30_seconds_when_clocks_differ(
    tokens: JwtAccessTokens, clock: FixedClock, moved: timedelta, accepted: bool
) -> None:
    text = tokens.issue(member_id=MEMBER_ID, session_id=SESSION_ID).text
    clock.move(moved)

    if accepted:
        assert tokens.read(text).session_id == SESSION_ID
    else:
        with pytest.raises(UnauthenticatedError):
            tokens.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a token",
        "a.b.c",
        forged(key="x" * 32),
        forged(algorithm="HS512", key="n" * 64),
        forged(algorithm="none", key=""),
        forged(headers={"kid": "unknown"}),
        forged(headers={"kid": "old"}),
        forged(headers={"kid": None}),
        forged(headers={"typ": "JWT"}),
        forged(headers={"typ": ""}),
        forged(iss="somebody"),
        forged(aud="something"),
        forged(sub="nobody"),
        forged(sid="nothing"),
        forged(exp="soon"),
        forged(exp=10**30),
        forged(exp=10**18),
        forged(exp=253_402_300_799),
        *[forged(without=name) for name in ("exp", "iat", "sub", "jti", "iss", "aud", "sid")],
    ],
)
def test_refuses_a_token_when_it_is_not_one_of_ours(tokens: JwtAccessTokens, text: str) -> None:
    with pytest.raises(UnauthenticatedError):
        tokens.read(text)


def test_goes_by_our_clock_alone_when_the_machine_s_is_behind() -> None:
    tokens = JwtAccessTokens(KEYS, clock=FixedClock(NOW + timedelta(days=36_500)))

    assert tokens.read(tokens.issue(member_id=MEMBER_ID, session_id=SESSION_ID).text).session_id == SESSION_ID


def test_refresh_tokens_have_a_nonce_of_128_bits_when_made() -> None:
    """16 bytes of id, 16 of nonce and 32 of signature, in base64 without padding."""
    text = HmacRefreshTokens(KEYS).first(SESSION_ID).text

    assert len(base64.urlsafe_b64decode(text + "==")) == 16 + 16 + 32


def test_refuses_refresh_token_when_something_was_inserted() -> None:
    text = HmacRefreshTokens(KEYS).first(SESSION_ID).text

    assert HmacRefreshTokens(KEYS).read(f"{text[:40]}....{text[40:]}") is None


def test_refresh_tokens_name_their_session_when_read_back() -> None:
    tokens = HmacRefreshTokens(KEYS)
    first = tokens.first(SESSION_ID)

    assert tokens.read(first.text) == first
    assert first.session_id == SESSION_ID
    assert first.text not in repr(first)


def test_first_refresh_tokens_differ_when_session_is_the_same() -> None:
    tokens = HmacRefreshTokens(KEYS)

    assert tokens.first(SESSION_ID) != tokens.first(SESSION_ID)


def test_successor_is_the_same_when_made_twice_and_leads_on() -> None:
    tokens = HmacRefreshTokens(KEYS)
    first = tokens.first(SESSION_ID)
    second = tokens.successor(first)

    assert tokens.successor(first) == second
    assert tokens.read(second.text) == second
    assert len({first.text, second.text, tokens.successor(second).text}) == 3


def test_successor_cannot_be_computed_when_the_key_is_another() -> None:
    first = HmacRefreshTokens(KEYS).first(SESSION_ID)
    ours, theirs = (HmacRefreshTokens(keys).successor(first) for keys in (KEYS, {"x": "x" * 32}))

    assert ours != theirs
    assert HmacRefreshTokens(KEYS).read(theirs.text) is None


def test_refresh_tokens_stay_valid_when_key_is_still_in_the_set() -> None:
    text = HmacRefreshTokens({"old": KEYS["old"]}).first(SESSION_ID).text

    assert HmacRefreshTokens(KEYS).read(text) is not None


@pytest.mark.parametrize("text", ["", "x", "é", "a" * 86, "=" * 8, "a b", "a" * 5000])
def test_nothing_is_read_when_a_refresh_token_was_not_made_here(text: str) -> None:
    assert HmacRefreshTokens(KEYS).read(text) is None


def test_nothing_is_read_when_one_bit_of_a_refresh_token_differs() -> None:
    tokens = HmacRefreshTokens(KEYS)
    sealed = base64.urlsafe_b64decode(tokens.first(SESSION_ID).text + "==")

    for position in (0, 15, 16, 31, 32, 63):
        changed = bytearray(sealed)
        changed[position] ^= 1
        assert tokens.read(base64.urlsafe_b64encode(changed).decode().rstrip("=")) is None


def test_one_time_tokens_name_their_id_when_read_back() -> None:
    tokens = HmacOneTimeTokens(KEYS)
    token_id = OneTimeTokenId(uuid7(NOW))
    text = tokens.text(token_id, VERIFY)

    assert tokens.read(text, VERIFY) == token_id
    assert tokens.text(token_id, VERIFY) == text
    assert tokens.read(text[:-1], VERIFY) is None
    assert HmacOneTimeTokens({"x": "x" * 32}).read(text, VERIFY) is None


def test_kinds_of_tokens_do_not_mix_when_keys_are_the_same() -> None:
    one_time = HmacOneTimeTokens(KEYS).text(OneTimeTokenId(uuid7(NOW)), VERIFY)
    refresh = HmacRefreshTokens(KEYS).first(SESSION_ID).text

    assert HmacRefreshTokens(KEYS).read(one_time) is None
    assert HmacOneTimeTokens(KEYS).read(refresh, VERIFY) is None
