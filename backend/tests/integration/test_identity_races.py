"""Concurrent changes of administrators and passwords, with several connections and real commits."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.auth import TokenPair
from app.application.members import change_role, deactivate_member, erase_member, erase_own_member
from app.application.sessions import end_all_sessions
from app.domain.auth import InvalidGrantError, OneTimePurpose, OneTimeToken, OneTimeTokenError
from app.domain.members.member import LastAdminError, Member, Role
from app.domain.rate_limits import TooManyAttemptsError
from tests.factories import PASSWORD, make_actor, make_member, make_session
from tests.fakes import PlainAddressDigests
from tests.support.accounts import ADDRESS, NEW_PASSWORD, ONE_TIME_TOKENS
from tests.support.concurrency import CONCURRENCY, ConcurrentAccounts, gather_results


class AdminDriver(ConcurrentAccounts):
    """Removes administrators in several ways."""

    async def leave(self, how: str, leaving: Member, by: Member) -> None:
        actor = make_actor(Role.ADMIN, member_id=by.id)
        if how == "demote":
            await change_role(
                leaving.id, Role.MEMBER, versions=None, actor=actor, uow=self.new_uow(), clock=self.clock
            )
        elif how == "deactivate":
            await deactivate_member(leaving.id, actor=actor, uow=self.new_uow(), clock=self.clock)
        elif how == "erase the other":
            await erase_member(
                leaving.id,
                versions=None,
                actor=actor,
                uow=self.new_uow(),
                clock=self.clock,
                digests=PlainAddressDigests(),
            )
        else:
            actor = make_actor(Role.ADMIN, member_id=leaving.id)
            await erase_own_member(
                versions=None,
                actor=actor,
                uow=self.new_uow(),
                clock=self.clock,
                digests=PlainAddressDigests(),
            )


@pytest.fixture
def accounts(fresh_engine: AsyncEngine) -> AdminDriver:
    return AdminDriver(fresh_engine)


@pytest.fixture
async def marta(accounts: AdminDriver) -> Member:
    member = make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}")
    await accounts.add(member)
    return member


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("demote", "demote"),
        ("deactivate", "demote"),
        ("erase", "erase"),
        ("erase", "deactivate"),
        ("erase the other", "erase the other"),
    ],
)
async def test_one_admin_is_left_when_two_leave_at_once(
    accounts: AdminDriver, first: str, second: str
) -> None:
    one, other = (make_member(role=Role.ADMIN) for _ in range(2))
    await accounts.add(one, other)

    results = await gather_results(
        accounts.leave(first, one, by=other), accounts.leave(second, other, by=one)
    )

    assert sorted(type(result).__name__ for result in results) == ["LastAdminError", "NoneType"]
    assert await accounts.count("members WHERE role = 'ADMIN' AND is_active") == 1


async def test_second_waits_and_sees_result_when_one_admin_leaves(accounts: AdminDriver) -> None:
    one, other = (make_member(role=Role.ADMIN) for _ in range(2))
    await accounts.add(one, other)
    async with accounts.new_uow() as uow:
        admins = await uow.members.lock_admins()
        (await uow.members.get_locked(one.id)).change_role(
            Role.MEMBER, admins=admins, at=accounts.clock.now()
        )
        second = asyncio.create_task(accounts.leave("demote", other, by=one))
        _, waiting = await asyncio.wait([second], timeout=0.3)
        await uow.commit()

    assert waiting == {second}
    with pytest.raises(LastAdminError):
        await second


@pytest.mark.usefixtures("marta")
async def test_one_wins_when_a_reset_token_is_redeemed_at_once(accounts: AdminDriver) -> None:
    await accounts.forgot()
    token = await accounts.mailed_token(OneTimePurpose.RECOVERY)

    results = await gather_results(*(accounts.reset(token) for _ in range(CONCURRENCY)))

    assert results.count(None) == 1
    assert sum(isinstance(result, OneTimeTokenError) for result in results) == CONCURRENCY - 1
    await accounts.log_in(NEW_PASSWORD)


@pytest.mark.parametrize("redeem", ["reset", "verify"])
async def test_nobody_waits_in_a_circle_when_an_erasure_meets_a_token(
    redeem: str, accounts: AdminDriver, marta: Member
) -> None:
    """The erasure is first in line for the member's lock, so the redeemer must not hold the token's."""
    purpose = OneTimePurpose.RECOVERY if redeem == "reset" else OneTimePurpose.VERIFY_EMAIL
    token = OneTimeToken.issue(member_id=marta.id, purpose=purpose, at=accounts.clock.now())
    mailed = ONE_TIME_TOKENS.text(token.id, purpose)
    async with accounts.new_uow() as uow:
        await uow.one_time_tokens.replace(token)
        await uow.commit()

    async with accounts.new_uow() as uow:
        await uow.members.get_locked(marta.id)
        erasure = asyncio.create_task(accounts.leave("erase", marta, by=marta))
        await accounts.wait_until_blocked(1)
        redeeming = asyncio.create_task(
            accounts.reset(mailed) if redeem == "reset" else accounts.verify(mailed)
        )
        await accounts.wait_until_blocked(2)

    erased, redeemed = await gather_results(erasure, redeeming)
    assert erased is None
    assert isinstance(redeemed, OneTimeTokenError)
    assert await accounts.count("one_time_tokens") == 0


@pytest.mark.usefixtures("marta")
async def test_ends_sessions_of_old_password_when_reset_meets_log_ins(accounts: AdminDriver) -> None:
    await accounts.forgot()
    token = await accounts.mailed_token(OneTimePurpose.RECOVERY)

    results = await gather_results(*(accounts.log_in() for _ in range(3)), accounts.reset(token))

    assert results[-1] is None
    assert all(isinstance(result, TokenPair | InvalidGrantError) for result in results[:-1])
    assert await accounts.count("sessions WHERE revoked_at IS NULL") == 0


async def test_ends_a_session_when_it_starts_while_all_are_ended(
    accounts: AdminDriver, marta: Member
) -> None:
    ending = end_all_sessions(
        actor=make_actor(member_id=marta.id), uow=accounts.new_uow(), clock=accounts.clock
    )
    async with accounts.new_uow() as uow:
        uow.sessions.add(make_session(await uow.members.get_locked(marta.id)))
        await uow.flush()
        second = asyncio.create_task(ending)
        await accounts.wait_until_blocked(1)
        await uow.commit()
    await second

    assert await accounts.count("sessions WHERE revoked_at IS NOT NULL") == 1


@pytest.mark.usefixtures("marta")
async def test_ten_guesses_are_looked_at_when_many_come_at_once(accounts: AdminDriver) -> None:
    results = await gather_results(*(accounts.log_in("another-umbrella-sings") for _ in range(25)))

    assert sum(isinstance(result, InvalidGrantError) for result in results) == 10
    assert sum(isinstance(result, TooManyAttemptsError) for result in results) == 15
    assert accounts.hasher.verified == 10
