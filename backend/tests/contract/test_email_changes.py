from datetime import datetime, timedelta
from uuid import uuid4

from app.application.jobs import SendEmailChangedNotice
from app.application.unit_of_work import UnitOfWork
from app.domain.email_changes import EmailChange, EmailChangeId
from app.domain.members.member import Member
from tests.factories import NOW, make_email_change, make_member

LATER = NOW + timedelta(days=1)


async def store(uow: UnitOfWork, *changes: EmailChange) -> None:
    async with uow:
        for change in changes:
            await uow.email_changes.replace(change)
        await uow.commit()


async def left(uow: UnitOfWork, *changes: EmailChange) -> list[bool]:
    async with uow:
        return [await uow.email_changes.find(change.id) is not None for change in changes]


async def confirmed_at(uow: UnitOfWork, change: EmailChange) -> datetime | None:
    async with uow:
        found = await uow.email_changes.find_locked(change.id)
    assert found is not None
    return found.confirmed_at


async def test_every_field_comes_back_when_stored_and_confirmed(any_uow: UnitOfWork, author: Member) -> None:
    change = make_email_change(author)
    await store(any_uow, change)

    async with any_uow:
        found = await any_uow.email_changes.find_locked(change.id)
        assert found is not None
        found.confirm(NOW)
        await any_uow.commit()

    assert found is not change
    names = [name for name in EmailChange.__dataclass_fields__ if name not in {"LIFETIME", "confirmed_at"}]
    assert [getattr(found, name) for name in names] == [getattr(change, name) for name in names]
    assert await confirmed_at(any_uow, change) == NOW


async def test_finds_nothing_when_the_id_is_unknown(any_uow: UnitOfWork) -> None:
    unknown = EmailChangeId(uuid4())
    async with any_uow:
        assert await any_uow.email_changes.find(unknown) is None
        assert await any_uow.email_changes.find_locked(unknown) is None


async def test_keeps_newest_pending_and_all_confirmed_when_replaced(
    any_uow: UnitOfWork, author: Member
) -> None:
    other = make_member()
    async with any_uow:
        any_uow.members.add(other)
        await any_uow.commit()
    confirmed, older, newer = (make_email_change(author) for _ in range(3))
    confirmed.confirm(NOW)
    strange = make_email_change(other)

    await store(any_uow, confirmed, strange, older, newer)

    assert await left(any_uow, confirmed, strange, older, newer) == [True, True, False, True]
    async with any_uow:
        await any_uow.email_changes.withdraw(author.id)
        await any_uow.commit()
    assert await left(any_uow, confirmed, strange, newer) == [True, True, False]


async def test_removes_what_had_expired_when_asked(any_uow: UnitOfWork, author: Member) -> None:
    expired, live = (make_email_change(author, at=at) for at in (NOW - timedelta(seconds=1), NOW))
    expired.confirm(NOW)
    await store(any_uow, expired, live)

    async with any_uow:
        await any_uow.email_changes.remove_expired(before=LATER)
        await any_uow.commit()

    assert await left(any_uow, expired, live) == [False, True]


async def test_goes_with_its_jobs_when_the_member_is_erased(any_uow: UnitOfWork, author: Member) -> None:
    change = make_email_change(author)
    await store(any_uow, change)

    async with any_uow:
        await any_uow.jobs.defer(SendEmailChangedNotice(mail_id=uuid4(), change_id=change.id))
        await any_uow.personal_data.erase(author.id)
        await any_uow.commit()

    assert await left(any_uow, change) == [False]
