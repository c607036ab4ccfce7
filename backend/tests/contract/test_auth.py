from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from app.application.jobs import SendOneTimeToken
from app.application.unit_of_work import UnitOfWork
from app.domain.auth import (
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenId,
    RefreshToken,
    Session,
    SessionId,
)
from app.domain.members.member import Member
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


async def test_ends_every_session_of_the_member_but_one_when_revoked(
    any_uow: UnitOfWork, member: Member
) -> None:
    other = make_member()
    mine, ended, kept, strange = (make_session(owner) for owner in (member, member, member, other))
    ended.revoke(NOW)
    async with any_uow:
        any_uow.members.add(other)
        await any_uow.flush()
        for session in (mine, ended, kept, strange):
            any_uow.sessions.add(session)
        await any_uow.commit()

    later = NOW + timedelta(hours=1)
    async with any_uow:
        await any_uow.sessions.revoke_all(member.id, at=later, keep=kept.id)
        await any_uow.commit()

    assert await revoked(any_uow, mine, ended, kept, strange) == [later, NOW, None, None]
    async with any_uow:
        await any_uow.sessions.revoke_all(member.id, at=later)
        await any_uow.commit()
    assert await revoked(any_uow, kept, strange) == [later, None]


async def revoked(uow: UnitOfWork, *sessions: Session) -> list[datetime | None]:
    async with uow:
        found = [await uow.sessions.find_locked(session.id) for session in sessions]
    return [session.revoked_at for session in found if session is not None]


async def test_removes_what_had_ended_when_asked(any_uow: UnitOfWork, member: Member) -> None:
    before = NOW + timedelta(days=60)
    live, idle, expired, ended = (
        make_session(member, at=NOW + timedelta(days=days)) for days in (46, 45, 29, 46)
    )
    expired.rotated_at = before
    ended.revoke(before - timedelta(seconds=1))
    tokens = [
        OneTimeToken.issue(member_id=member.id, purpose=purpose, at=before - age)
        for purpose, age in (
            (OneTimePurpose.RECOVERY, timedelta(minutes=31)),
            (OneTimePurpose.VERIFY_EMAIL, timedelta(hours=24)),
        )
    ]
    async with any_uow:
        for session in (live, idle, expired, ended):
            any_uow.sessions.add(session)
        for token in tokens:
            await any_uow.one_time_tokens.replace(token)
        await any_uow.commit()

    async with any_uow:
        await any_uow.sessions.remove_ended(before=before)
        await any_uow.one_time_tokens.remove_expired(before=before)
        await any_uow.commit()

    async with any_uow:
        found = [await any_uow.sessions.find_locked(each.id) for each in (live, idle, expired, ended)]
        left = [await any_uow.one_time_tokens.find_locked(token.id) for token in tokens]
    assert [session is not None for session in found] == [True, False, False, False]
    assert [token is not None for token in left] == [False, True]


async def test_removes_tokens_of_one_member_only_when_asked(any_uow: UnitOfWork, member: Member) -> None:
    other = make_member()
    mine, strange = (
        OneTimeToken.issue(member_id=owner.id, purpose=OneTimePurpose.INVITATION, at=NOW)
        for owner in (member, other)
    )
    async with any_uow:
        any_uow.members.add(other)
        await any_uow.one_time_tokens.replace(mine)
        await any_uow.one_time_tokens.replace(strange)
        await any_uow.one_time_tokens.remove_all(member.id)
        await any_uow.commit()

    async with any_uow:
        assert await any_uow.one_time_tokens.find_locked(mine.id) is None
        assert await any_uow.one_time_tokens.find_locked(strange.id) is not None


async def test_erases_rows_and_waiting_jobs_of_one_member_when_asked(
    any_uow: UnitOfWork, member: Member
) -> None:
    other = make_member()
    sessions = [make_session(owner) for owner in (member, other)]
    tokens = [
        OneTimeToken.issue(member_id=owner.id, purpose=OneTimePurpose.RECOVERY, at=NOW)
        for owner in (member, other)
    ]
    async with any_uow:
        any_uow.members.add(other)
        await any_uow.flush()
        for session, token in zip(sessions, tokens, strict=True):
            any_uow.sessions.add(session)
            await any_uow.one_time_tokens.replace(token)
            await any_uow.jobs.defer(SendOneTimeToken(token_id=token.id))
        await any_uow.commit()

    async with any_uow:
        await any_uow.personal_data.erase(member.id)
        await any_uow.commit()

    async with any_uow:
        assert await any_uow.sessions.find_locked(sessions[0].id) is None
        assert await any_uow.one_time_tokens.find_locked(tokens[0].id) is None
        assert await any_uow.sessions.find_locked(sessions[1].id) is not None
        assert await any_uow.one_time_tokens.find_locked(tokens[1].id) is not None
        assert await any_uow.members.find(member.id) is not None
