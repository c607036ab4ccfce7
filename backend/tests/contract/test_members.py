from datetime import timedelta
from uuid import uuid4

import pytest

from app.application.unit_of_work import UnitOfWork
from app.domain.auth import OneTimePurpose, OneTimeToken
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import (
    EmailTakenError,
    Member,
    MemberId,
    MemberNotFoundError,
    Role,
)
from tests.factories import NOW, make_member

UNKNOWN = MemberId(uuid4())


async def store(uow: UnitOfWork, member: Member) -> Member:
    async with uow:
        uow.members.add(member)
        await uow.commit()
    return member


async def test_every_field_comes_back_when_stored(any_uow: UnitOfWork) -> None:
    member = make_member(phone=PhoneNumber("+34600111222"), role=Role.BOARD_MEMBER)
    await store(any_uow, member)

    async with any_uow:
        found = await any_uow.members.get(member.id)

    assert found is not member
    names = Member.__dataclass_fields__
    assert {name: getattr(found, name) for name in names} == {name: getattr(member, name) for name in names}


async def test_empty_fields_come_back_empty_when_stored(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member(email_verified_at=None))

    async with any_uow:
        found = await any_uow.members.get(member.id)

    assert (found.phone, found.email_verified_at) == (None, None)


async def test_finds_by_id_and_address_when_stored(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member(email=EmailAddress("marta@pau2.example")))

    async with any_uow:
        by_email = await any_uow.members.find_by_email(EmailAddress.parse("Marta@PAU2.example"))
        by_id = await any_uow.members.find(member.id)

    assert by_email is not None
    assert by_email is by_id
    assert by_email.id == member.id


async def test_finds_nothing_when_unknown(any_uow: UnitOfWork) -> None:
    async with any_uow:
        assert await any_uow.members.find(UNKNOWN) is None
        assert await any_uow.members.find_by_email(EmailAddress("no@pau2.example")) is None
        with pytest.raises(MemberNotFoundError):
            await any_uow.members.get(UNKNOWN)


async def test_refuses_the_second_member_when_the_address_is_the_same(any_uow: UnitOfWork) -> None:
    email = EmailAddress("marta@pau2.example")
    await store(any_uow, make_member(email=email))

    with pytest.raises(EmailTakenError):
        await store(any_uow, make_member(email=email))


async def test_forgets_everything_when_left_without_commit(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member(full_name="Before"))
    async with any_uow:
        (await any_uow.members.get(member.id)).change_profile({"full_name": "After"}, at=NOW)
        other = make_member()
        any_uow.members.add(other)

    async with any_uow:
        assert (await any_uow.members.get(member.id)).full_name == "Before"
        assert await any_uow.members.find(other.id) is None


async def test_counts_versions_when_changed(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member())
    async with any_uow:
        changed = await any_uow.members.get(member.id)
        changed.change_profile({"full_name": "Another"}, at=NOW)
        await any_uow.commit()

    async with any_uow:
        assert (await any_uow.members.get(member.id)).version == changed.version == 2


async def test_locks_the_admins_who_can_log_in_when_asked(any_uow: UnitOfWork) -> None:
    inactive = make_member(role=Role.ADMIN)
    inactive.is_active = False
    admins = [make_member(role=Role.ADMIN), make_member(role=Role.ADMIN)]
    others = [make_member(role=Role.ADMIN, email_verified_at=None), make_member(role=Role.BOARD_MEMBER)]
    for member in (*admins, inactive, *others):
        await store(any_uow, member)

    async with any_uow:
        assert await any_uow.members.lock_admins() == {member.id for member in admins}


async def test_finds_a_member_under_a_lock_when_stored(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member())

    async with any_uow:
        assert (await any_uow.members.get_locked(member.id)).email == member.email
        with pytest.raises(MemberNotFoundError):
            await any_uow.members.get_locked(UNKNOWN)


async def test_finds_nobody_when_erased(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member())
    async with any_uow:
        erased = await any_uow.members.get(member.id)
        erased.erase(admins=set(), at=NOW)
        await any_uow.commit()

    async with any_uow:
        assert await any_uow.members.find(member.id) is None
        assert await any_uow.members.find_by_email(erased.email) is None
        for get in (any_uow.members.get, any_uow.members.get_locked):
            with pytest.raises(MemberNotFoundError):
                await get(member.id)


async def test_finds_by_address_under_a_lock_when_stored(any_uow: UnitOfWork) -> None:
    member = await store(any_uow, make_member())

    async with any_uow:
        found = await any_uow.members.find_by_email_locked(member.email)
        assert found is not None
        assert found.id == member.id
        assert await any_uow.members.find_by_email_locked(EmailAddress("no@pau2.example")) is None


async def test_lists_who_has_proven_nothing_when_that_is_long_ago(any_uow: UnitOfWork) -> None:
    before = NOW - timedelta(days=30)
    old = {"email_verified_at": None, "at": before - timedelta(days=1)}
    gone, mailed, used, young = (make_member(**old) for _ in range(4))
    young.created_at = before
    verified = make_member(at=old["at"])
    erased = make_member(at=old["at"])
    erased.erase(admins=set(), at=NOW)
    for member in (gone, mailed, used, young, verified, erased):
        await store(any_uow, member)
    async with any_uow:
        for member in (gone, mailed, used):
            at = NOW - timedelta(days=3) if member is gone else NOW
            token = OneTimeToken.issue(member_id=member.id, purpose=OneTimePurpose.VERIFY_EMAIL, at=at)
            token.redeemed_at = NOW if member is used else None
            await any_uow.one_time_tokens.replace(token)
        await any_uow.commit()

    async with any_uow:
        found = await any_uow.members.list_unproven_locked(before=before, at=NOW, limit=5)
        assert [each.id for each in found] == sorted([gone.id, used.id])
        assert len(await any_uow.members.list_unproven_locked(before=before, at=NOW, limit=1)) == 1
