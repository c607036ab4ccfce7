"""Concurrent authentication requests, with several connections and real commits."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.auth import TokenPair
from app.domain.auth import InvalidGrantError, OneTimePurpose, OneTimeTokenError
from tests.factories import PASSWORD, make_member
from tests.support.accounts import ADDRESS
from tests.support.concurrency import CONCURRENCY, ConcurrentAccounts, gather_results


@pytest.fixture
def accounts(fresh_engine: AsyncEngine) -> ConcurrentAccounts:
    return ConcurrentAccounts(fresh_engine)


@pytest.fixture
async def pair(accounts: ConcurrentAccounts) -> TokenPair:
    await accounts.add(make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}"))
    return await accounts.log_in()


async def test_returns_same_successor_when_token_is_refreshed_at_once(
    accounts: ConcurrentAccounts, pair: TokenPair
) -> None:
    results = await gather_results(*(accounts.refresh(pair.refresh.text) for _ in range(CONCURRENCY)))

    pairs = [result for result in results if isinstance(result, TokenPair)]
    assert len(pairs) == CONCURRENCY
    assert len({result.refresh.text for result in pairs}) == 1
    following = await accounts.refresh(pairs[0].refresh.text)
    assert following.refresh.text != pairs[0].refresh.text


async def test_waits_when_another_request_has_locked_the_session(
    accounts: ConcurrentAccounts, pair: TokenPair
) -> None:
    async with accounts.new_uow() as uow:
        await uow.sessions.find_locked(pair.refresh.session_id)
        refreshing = asyncio.create_task(accounts.refresh(pair.refresh.text))
        _, waiting = await asyncio.wait([refreshing], timeout=0.3)

    assert waiting == {refreshing}
    assert (await refreshing).refresh.session_id == pair.refresh.session_id


async def test_session_is_dead_when_a_replay_meets_the_live_token(
    accounts: ConcurrentAccounts, pair: TokenPair
) -> None:
    live = await accounts.refresh((await accounts.refresh(pair.refresh.text)).refresh.text)

    replay, _ = await gather_results(accounts.refresh(pair.refresh.text), accounts.refresh(live.refresh.text))

    assert isinstance(replay, InvalidGrantError)
    with pytest.raises(InvalidGrantError):
        await accounts.refresh(live.refresh.text)
    assert await accounts.count("sessions WHERE revoked_at IS NOT NULL") == 1


async def test_creates_one_account_when_registered_at_once(accounts: ConcurrentAccounts) -> None:
    results = await gather_results(*(accounts.register() for _ in range(CONCURRENCY)))

    assert results == [None] * CONCURRENCY
    assert await accounts.count("members") == 1
    assert await accounts.count("one_time_tokens") == 1
    redeemable = "procrastinate_jobs JOIN one_time_tokens AS t ON args->>'token_id' = t.id::text"
    assert await accounts.count(redeemable) == 1


async def test_one_whole_registration_wins_when_several_are_concurrent(accounts: ConcurrentAccounts) -> None:
    """Password, name and token belong to the same registration, and only its token is valid."""
    await accounts.register()
    names = [f"Neighbour {letter}" for letter in "abcdef"]

    results = await gather_results(
        *(accounts.register(f"{name} sings at dawn", full_name=name) for name in names[:4])
    )

    assert results == [None] * 4
    assert await accounts.count("members") == 1
    assert await accounts.count("one_time_tokens") == 1
    async with accounts.new_uow() as uow:
        member = await uow.members.find_by_email(ADDRESS)
    assert member is not None
    assert member.password_hash == f"hash:{member.full_name} sings at dawn"


async def test_proof_or_registration_comes_first_when_they_meet(accounts: ConcurrentAccounts) -> None:
    """A stranger's token verifies the account only if it is redeemed before the other registration."""
    await accounts.register("an-umbrella-of-eve", full_name="Eve")
    strangers = await accounts.mailed_token(OneTimePurpose.VERIFY_EMAIL)

    results = await gather_results(accounts.verify(strangers), accounts.register())

    async with accounts.new_uow() as uow:
        member = await uow.members.find_by_email(ADDRESS)
    assert member is not None
    proven = (results[0] is None, member.may_log_in, member.full_name)
    assert proven in {(True, True, "Eve"), (False, False, "Marta")}


async def test_one_token_is_left_when_asked_to_resend_at_once(accounts: ConcurrentAccounts) -> None:
    await accounts.register()

    results = await gather_results(*(accounts.resend() for _ in range(CONCURRENCY)))

    assert results == [None] * CONCURRENCY
    assert await accounts.count("one_time_tokens") == 1


async def test_one_wins_when_a_token_is_redeemed_at_once(accounts: ConcurrentAccounts) -> None:
    await accounts.register()
    token = await accounts.mailed_token(OneTimePurpose.VERIFY_EMAIL)

    results = await gather_results(*(accounts.verify(token) for _ in range(CONCURRENCY)))

    assert results.count(None) == 1
    assert sum(isinstance(result, OneTimeTokenError) for result in results) == CONCURRENCY - 1
