"""Requests that meet: several connections, real commits."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.auth import (
    PasswordGrant,
    RefreshGrant,
    Registration,
    TokenPair,
    register_member,
    resend_verification,
    verify_email,
)
from app.domain.auth import InvalidGrantError, OneTimePurpose, OneTimeTokenError, OneTimeTokenId
from app.domain.members import EmailAddress
from app.infrastructure.database.auth import one_time_tokens
from tests.factories import PASSWORD, make_member
from tests.integration.crowd import AT_ONCE, ONE_TIME, AccountHolders, all_at_once

ADDRESS = EmailAddress("marta@pau2.example")


class Server(AccountHolders):
    async def register(self, password: str = PASSWORD, full_name: str = "Marta") -> None:
        registration = Registration(
            email=ADDRESS, password=password, full_name=full_name, client="203.0.113.7"
        )
        await register_member(registration, uow=self.uow(), clock=self.clock, hasher=self.hasher)

    async def mailed_token(self) -> str:
        async with self.engine.connect() as connection:
            token_id = OneTimeTokenId((await connection.scalars(select(one_time_tokens.c.id))).one())
        return ONE_TIME.text(token_id, OneTimePurpose.VERIFY_EMAIL)

    async def verify(self, token: str) -> None:
        await verify_email(token, uow=self.uow(), clock=self.clock, tokens=ONE_TIME)

    async def refresh(self, pair: TokenPair) -> TokenPair:
        return await self.issue(RefreshGrant(refresh_token=pair.refresh.text))


@pytest.fixture
def server(fresh_engine: AsyncEngine) -> Server:
    return Server(fresh_engine)


@pytest.fixture
async def pair(server: Server) -> TokenPair:
    await server.add(make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}"))
    return await server.issue(PasswordGrant(username=ADDRESS.value, password=PASSWORD, client="203.0.113.7"))


async def test_everybody_gets_the_same_successor_when_one_token_is_refreshed_at_once(
    server: Server, pair: TokenPair
) -> None:
    results = await all_at_once(*(server.refresh(pair) for _ in range(AT_ONCE)))

    pairs = [result for result in results if isinstance(result, TokenPair)]
    assert len(pairs) == AT_ONCE
    assert len({result.refresh.text for result in pairs}) == 1
    following = await server.refresh(pairs[0])
    assert following.refresh.text != pairs[0].refresh.text


async def test_waits_for_its_turn_when_another_request_holds_the_session(
    server: Server, pair: TokenPair
) -> None:
    async with server.uow() as uow:
        await uow.sessions.find_locked(pair.refresh.session_id)
        refreshing = asyncio.create_task(server.refresh(pair))
        _, waiting = await asyncio.wait([refreshing], timeout=0.3)

    assert waiting == {refreshing}
    assert (await refreshing).refresh.session_id == pair.refresh.session_id


async def test_session_is_dead_when_a_replay_meets_the_live_token(server: Server, pair: TokenPair) -> None:
    live = await server.refresh(await server.refresh(pair))

    replay, _ = await all_at_once(server.refresh(pair), server.refresh(live))

    assert isinstance(replay, InvalidGrantError)
    with pytest.raises(InvalidGrantError):
        await server.refresh(live)
    assert await server.count("sessions WHERE revoked_at IS NOT NULL") == 1


async def test_one_account_is_made_when_an_address_is_registered_at_once(server: Server) -> None:
    results = await all_at_once(*(server.register() for _ in range(AT_ONCE)))

    assert results == [None] * AT_ONCE
    assert await server.count("members") == 1
    assert await server.count("one_time_tokens") == 1
    redeemable = "procrastinate_jobs JOIN one_time_tokens AS t ON args->>'token_id' = t.id::text"
    assert await server.count(redeemable) == 1


async def test_one_registration_counts_whole_when_several_meet_before_the_proof(server: Server) -> None:
    """Password, name and token are of the same registration, and only the token of that one is good."""
    await server.register()
    names = [f"Neighbour {letter}" for letter in "abcdef"]

    results = await all_at_once(*(server.register(f"{name} sings at dawn", name) for name in names[:4]))

    assert results == [None] * 4
    assert await server.count("members") == 1
    assert await server.count("one_time_tokens") == 1
    async with server.uow() as uow:
        member = await uow.members.find_by_email(ADDRESS)
    assert member is not None
    assert member.password_hash == f"hash:{member.full_name} sings at dawn"


async def test_proof_or_registration_comes_first_when_they_meet(server: Server) -> None:
    """The strangers' token opens their account only if it was proven before the other registration came."""
    await server.register("an-umbrella-of-eve", "Eve")
    strangers = await server.mailed_token()

    results = await all_at_once(server.verify(strangers), server.register())

    async with server.uow() as uow:
        member = await uow.members.find_by_email(ADDRESS)
    assert member is not None
    proven = (results[0] is None, member.may_log_in, member.full_name)
    assert proven in {(True, True, "Eve"), (False, False, "Marta")}


async def test_one_token_is_left_when_asked_to_resend_at_once(server: Server) -> None:
    await server.register()

    results = await all_at_once(
        *(
            resend_verification(ADDRESS, client="203.0.113.7", uow=server.uow(), clock=server.clock)
            for _ in range(AT_ONCE)
        )
    )

    assert results == [None] * AT_ONCE
    assert await server.count("one_time_tokens") == 1


async def test_one_wins_when_a_token_is_redeemed_at_once(server: Server) -> None:
    await server.register()
    token = await server.mailed_token()

    results = await all_at_once(*(server.verify(token) for _ in range(AT_ONCE)))

    assert results.count(None) == 1
    assert sum(isinstance(result, OneTimeTokenError) for result in results) == AT_ONCE - 1
