from datetime import timedelta
from uuid import uuid4

import pytest

from app.domain.auth import (
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenId,
    RefreshToken,
    Session,
    SessionId,
)
from app.domain.members import Member
from app.domain.ports import UnitOfWork
from tests.factories import NOW, make_member, make_session


@pytest.fixture
async def member(any_uow: UnitOfWork) -> Member:
    member = make_member()
    async with any_uow:
        any_uow.members.add(member)
        await any_uow.commit()
    return member


async def test_session_comes_back_as_it_was_when_rotated_and_revoked(
    any_uow: UnitOfWork, member: Member
) -> None:
    first = RefreshToken(SessionId(uuid4()), "first")
    session = Session.start(first, member_id=member.id, at=NOW)
    session.rotate(first, RefreshToken(first.session_id, "second"), NOW + timedelta(hours=1))
    session.revoke(NOW + timedelta(hours=2))
    async with any_uow:
        any_uow.sessions.add(session)
        await any_uow.commit()

    async with any_uow:
        found = await any_uow.sessions.find_locked(session.id)

    assert found is not None
    assert found is not session
    names = Session.__dataclass_fields__
    assert [getattr(found, name) for name in names] == [getattr(session, name) for name in names]


async def test_finds_nothing_when_the_id_is_unknown(any_uow: UnitOfWork) -> None:
    async with any_uow:
        assert await any_uow.sessions.find_locked(SessionId(uuid4())) is None
        assert await any_uow.one_time_tokens.find_locked(OneTimeTokenId(uuid4())) is None


async def test_only_the_newest_token_is_there_when_replaced(any_uow: UnitOfWork, member: Member) -> None:
    older, newer = (
        OneTimeToken.issue(member_id=member.id, purpose=OneTimePurpose.VERIFY_EMAIL, at=at)
        for at in (NOW, NOW + timedelta(hours=1))
    )
    older.redeem(NOW)
    for token in (older, newer):
        async with any_uow:
            await any_uow.one_time_tokens.replace(token)
            await any_uow.commit()

    async with any_uow:
        assert await any_uow.one_time_tokens.find_locked(older.id) is None
        found = await any_uow.one_time_tokens.find_locked(newer.id)

    assert found is not None
    names = OneTimeToken.__dataclass_fields__
    assert [getattr(found, name) for name in names] == [getattr(newer, name) for name in names]


async def test_token_of_another_member_stays_when_one_is_replaced(
    any_uow: UnitOfWork, member: Member
) -> None:
    other = make_member()
    tokens = [
        OneTimeToken.issue(member_id=owner, purpose=OneTimePurpose.VERIFY_EMAIL, at=NOW)
        for owner in (member.id, other.id)
    ]
    async with any_uow:
        any_uow.members.add(other)
        for token in tokens:
            await any_uow.one_time_tokens.replace(token)
        await any_uow.commit()

    async with any_uow:
        for token in tokens:
            assert await any_uow.one_time_tokens.find_locked(token.id) is not None


async def test_forgets_everything_when_left_without_commit(any_uow: UnitOfWork, member: Member) -> None:
    session = make_session(member)
    token = OneTimeToken.issue(member_id=member.id, purpose=OneTimePurpose.VERIFY_EMAIL, at=NOW)
    async with any_uow:
        any_uow.sessions.add(session)
        await any_uow.one_time_tokens.replace(token)

    async with any_uow:
        assert await any_uow.sessions.find_locked(session.id) is None
        assert await any_uow.one_time_tokens.find_locked(token.id) is None
