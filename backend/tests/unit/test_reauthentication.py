"""Reauthentication: the new session replaces the one whose refresh token is sent along."""

import pytest

from app.domain.auth import InvalidGrantError
from tests.factories import NOW, PASSWORD, make_member
from tests.support.accounts import CLIENT_NAME, InMemoryAccounts

pytestmark = pytest.mark.usefixtures("marta")


async def test_leaves_one_session_when_old_refresh_token_is_sent_along(accounts: InMemoryAccounts) -> None:
    old = await accounts.log_in()
    elsewhere = await accounts.log_in()

    new = await accounts.log_in(replaces=old.refresh.text)

    assert [accounts.is_live(pair) for pair in (old, elsewhere, new)] == [False, True, True]
    assert accounts.actions()[2:] == ["auth:log-out", "auth:log-in"]
    assert accounts.store.sessions[new.refresh.session_id].client_name == CLIENT_NAME


async def test_keeps_both_sessions_when_token_is_not_of_own_session(accounts: InMemoryAccounts) -> None:
    another = accounts.given(make_member(password_hash=f"hash:{PASSWORD}"))
    mine = await accounts.log_in()
    strange = await accounts.log_in(username=another.email.value)

    for text in (None, "", "made-up", strange.refresh.text):
        assert accounts.is_live(await accounts.log_in(replaces=text))

    assert accounts.is_live(mine)
    assert accounts.is_live(strange)


async def test_old_session_stays_when_the_password_is_wrong(accounts: InMemoryAccounts) -> None:
    old = await accounts.log_in()

    with pytest.raises(InvalidGrantError):
        await accounts.log_in(replaces=old.refresh.text, password="another-umbrella-sings")

    assert accounts.is_live(old)


async def test_records_no_second_end_when_the_old_session_has_ended(accounts: InMemoryAccounts) -> None:
    old = await accounts.log_in()
    accounts.store.sessions[old.refresh.session_id].revoke(NOW)

    await accounts.log_in(replaces=old.refresh.text)

    assert accounts.actions() == ["auth:log-in", "auth:log-in"]
