"""Entering the password again: the new session takes the place of the one whose refresh token comes along."""

import pytest

from app.application.auth import PasswordGrant, TokenPair, issue_tokens
from app.application.ports import SessionTokens
from app.domain.auth import InvalidGrantError
from app.domain.members import Member
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.sealed_tokens import HmacRefreshTokens
from tests.factories import NOW, PASSWORD, make_member
from tests.fakes import CountingPasswordHasher, FixedClock, InMemoryStore, InMemoryUnitOfWork

KEYS = {"test": "t" * 32}


class Office:
    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.tokens = SessionTokens(JwtAccessTokens(KEYS, clock=clock), HmacRefreshTokens(KEYS))
        self.marta = self.given()

    def given(self) -> Member:
        member = make_member(password_hash=f"hash:{PASSWORD}")
        self.store.members[member.id] = member
        return member

    async def log_in(
        self, replaces: str | None = None, *, member: Member | None = None, password: str = PASSWORD
    ) -> TokenPair:
        grant = PasswordGrant(
            username=(member or self.marta).email.value,
            password=password,
            client="203.0.113.7",
            client_name="Firefox on Android",
            replaces=replaces,
        )
        hasher = CountingPasswordHasher()
        return await issue_tokens(grant, uow=self.uow, clock=self.clock, hasher=hasher, tokens=self.tokens)

    def is_live(self, pair: TokenPair) -> bool:
        return self.store.sessions[pair.refresh.session_id].revoked_at is None

    def actions(self) -> list[str]:
        return [entry.action for entry in self.store.audit]


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


async def test_one_session_is_left_when_the_old_refresh_token_comes_along(office: Office) -> None:
    old, elsewhere = await office.log_in(), await office.log_in()

    new = await office.log_in(old.refresh.text)

    assert [office.is_live(pair) for pair in (old, elsewhere, new)] == [False, True, True]
    assert office.actions()[2:] == ["auth:log-out", "auth:log-in"]
    assert office.store.sessions[new.refresh.session_id].client_name == "Firefox on Android"


async def test_both_sessions_stay_when_no_token_of_a_session_of_ones_own_comes_along(office: Office) -> None:
    mine, strange = await office.log_in(), await office.log_in(member=office.given())

    for text in (None, "", "made-up", strange.refresh.text):
        assert office.is_live(await office.log_in(text))

    assert office.is_live(mine)
    assert office.is_live(strange)


async def test_old_session_stays_when_the_password_is_wrong(office: Office) -> None:
    old = await office.log_in()

    with pytest.raises(InvalidGrantError):
        await office.log_in(old.refresh.text, password="another-umbrella-sings")

    assert office.is_live(old)


async def test_records_no_second_end_when_the_old_session_has_ended(office: Office) -> None:
    old = await office.log_in()
    office.store.sessions[old.refresh.session_id].revoke(NOW)

    await office.log_in(old.refresh.text)

    assert office.actions() == ["auth:log-in", "auth:log-in"]
