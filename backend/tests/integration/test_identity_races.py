"""Administrators, passwords and guesses that meet: several connections, real commits."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.auth import PasswordGrant, TokenPair, verify_email
from app.application.members import change_role, deactivate_member, erase_own_member
from app.application.passwords import PasswordReset, request_password_reset, reset_password
from app.application.sessions import end_all_sessions
from app.domain.auth import InvalidGrantError, OneTimePurpose, OneTimeToken, OneTimeTokenError, OneTimeTokenId
from app.domain.login_attempts import TooManyAttemptsError
from app.domain.members import EmailAddress, LastAdminError, Member, Role
from app.infrastructure.database.auth import one_time_tokens
from tests.factories import PASSWORD, make_actor, make_member, make_session
from tests.fakes import PlainAddressDigests
from tests.integration.crowd import AT_ONCE, ONE_TIME, AccountHolders, all_at_once

ADDRESS = EmailAddress("marta@pau2.example")
NEW_PASSWORD = "seven herons at dawn"


class Server(AccountHolders):
    async def log_in(self, password: str = PASSWORD) -> TokenPair:
        grant = PasswordGrant(username=ADDRESS.value, password=password, client="203.0.113.7")
        return await self.issue(grant)

    async def reset(self, token: str) -> None:
        command = PasswordReset(token=token, password=NEW_PASSWORD)
        await reset_password(command, uow=self.uow(), clock=self.clock, hasher=self.hasher, tokens=ONE_TIME)

    async def mailed_token(self) -> str:
        await request_password_reset(ADDRESS, client="203.0.113.7", uow=self.uow(), clock=self.clock)
        async with self.engine.connect() as connection:
            token_id = (await connection.scalars(select(one_time_tokens.c.id))).one()
        return ONE_TIME.text(OneTimeTokenId(token_id), OneTimePurpose.RECOVERY)

    async def verify(self, token: str) -> None:
        await verify_email(token, uow=self.uow(), clock=self.clock, tokens=ONE_TIME)

    async def leave(self, how: str, leaving: Member, by: Member) -> None:
        actor = make_actor(Role.ADMIN, member_id=by.id)
        if how == "demote":
            await change_role(
                leaving.id, Role.MEMBER, seen=None, actor=actor, uow=self.uow(), clock=self.clock
            )
        elif how == "deactivate":
            await deactivate_member(leaving.id, actor=actor, uow=self.uow(), clock=self.clock)
        else:
            actor = make_actor(Role.ADMIN, member_id=leaving.id)
            await erase_own_member(
                seen=None, actor=actor, uow=self.uow(), clock=self.clock, digests=PlainAddressDigests()
            )


@pytest.fixture
def server(fresh_engine: AsyncEngine) -> Server:
    return Server(fresh_engine)


@pytest.fixture
async def marta(server: Server) -> Member:
    member = make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}")
    await server.add(member)
    return member


@pytest.mark.parametrize(
    ("first", "second"),
    [("demote", "demote"), ("deactivate", "demote"), ("erase", "erase"), ("erase", "deactivate")],
)
async def test_one_admin_is_left_when_two_leave_at_once(server: Server, first: str, second: str) -> None:
    one, other = (make_member(role=Role.ADMIN) for _ in range(2))
    await server.add(one, other)

    results = await all_at_once(server.leave(first, one, by=other), server.leave(second, other, by=one))

    assert sorted(type(result).__name__ for result in results) == ["LastAdminError", "NoneType"]
    assert await server.count("members WHERE role = 'ADMIN' AND is_active") == 1


async def test_the_second_waits_and_sees_what_the_first_has_left_when_one_admin_leaves(
    server: Server,
) -> None:
    one, other = (make_member(role=Role.ADMIN) for _ in range(2))
    await server.add(one, other)
    async with server.uow() as uow:
        admins = await uow.members.lock_admins()
        (await uow.members.get_locked(one.id)).change_role(Role.MEMBER, admins=admins, at=server.clock.now())
        second = asyncio.create_task(server.leave("demote", other, by=one))
        _, waiting = await asyncio.wait([second], timeout=0.3)
        await uow.commit()

    assert waiting == {second}
    with pytest.raises(LastAdminError):
        await second


async def test_one_wins_when_a_reset_token_is_redeemed_at_once(server: Server, marta: Member) -> None:
    assert marta.is_active
    token = await server.mailed_token()

    results = await all_at_once(*(server.reset(token) for _ in range(AT_ONCE)))

    assert results.count(None) == 1
    assert sum(isinstance(result, OneTimeTokenError) for result in results) == AT_ONCE - 1
    await server.log_in(NEW_PASSWORD)


@pytest.mark.parametrize("redeem", ["reset", "verify"])
async def test_nobody_waits_in_a_circle_when_an_erasure_meets_a_token(
    redeem: str, server: Server, marta: Member
) -> None:
    """The erasure is first in the queue for the member; whoever redeems must not hold the token meanwhile."""
    purpose = OneTimePurpose.RECOVERY if redeem == "reset" else OneTimePurpose.VERIFY_EMAIL
    token = OneTimeToken.issue(member_id=marta.id, purpose=purpose, at=server.clock.now())
    mailed = ONE_TIME.text(token.id, purpose)
    async with server.uow() as uow:
        await uow.one_time_tokens.replace(token)
        await uow.commit()

    async with server.uow() as uow:
        await uow.members.get_locked(marta.id)
        erasure = asyncio.create_task(server.leave("erase", marta, by=marta))
        await server.waiting(1)
        redeeming = asyncio.create_task(server.reset(mailed) if redeem == "reset" else server.verify(mailed))
        await server.waiting(2)

    erased, redeemed = await all_at_once(erasure, redeeming)
    assert erased is None
    assert isinstance(redeemed, OneTimeTokenError)
    assert await server.count("one_time_tokens") == 0


async def test_no_session_of_the_old_password_is_left_when_a_reset_meets_log_ins(
    server: Server, marta: Member
) -> None:
    assert marta.is_active
    token = await server.mailed_token()

    results = await all_at_once(*(server.log_in() for _ in range(3)), server.reset(token))

    assert results[-1] is None
    assert all(isinstance(result, TokenPair | InvalidGrantError) for result in results[:-1])
    assert await server.count("sessions WHERE revoked_at IS NULL") == 0


async def test_ends_a_session_when_it_starts_while_all_are_ended(server: Server, marta: Member) -> None:
    ending = end_all_sessions(actor=make_actor(member_id=marta.id), uow=server.uow(), clock=server.clock)
    async with server.uow() as uow:
        uow.sessions.add(make_session(await uow.members.get_locked(marta.id)))
        await uow.flush()
        second = asyncio.create_task(ending)
        await server.waiting(1)
        await uow.commit()
    await second

    assert await server.count("sessions WHERE revoked_at IS NOT NULL") == 1


async def test_ten_guesses_are_looked_at_when_many_come_at_once(server: Server, marta: Member) -> None:
    assert marta.is_active

    results = await all_at_once(*(server.log_in("another-umbrella-sings") for _ in range(25)))

    assert sum(isinstance(result, InvalidGrantError) for result in results) == 10
    assert sum(isinstance(result, TooManyAttemptsError) for result in results) == 15
    assert server.hasher.verified == 10
