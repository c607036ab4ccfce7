"""Contract of the event repository."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.application.unit_of_work import UnitOfWork
from app.domain.errors import CollisionError
from app.domain.events import Event, EventAudience, EventChanges, EventId, EventNotFoundError
from app.domain.members.member import Member
from tests.factories import NOW, make_event, make_member

LATER = NOW + timedelta(hours=1)


async def store(uow: UnitOfWork, *events: Event, by: Member) -> None:
    async with uow:
        uow.members.add(by)
        await uow.flush()
        for event in events:
            uow.events.add(event)
        await uow.commit()


def public(entity: object) -> dict[str, object]:
    return {name: value for name, value in vars(entity).items() if not name.startswith("_")}


async def test_returns_the_same_event_when_stored(any_uow: UnitOfWork) -> None:
    member = make_member()
    event = make_event(
        created_by=member.id, description="Bring a chair.\nAnd a cup.", audience=EventAudience.BOARD
    )
    event.publish(LATER)
    await store(any_uow, event, by=member)

    async with any_uow:
        found = await any_uow.events.get(event.id)

    assert found is not event
    assert public(found) == public(event)


async def test_keeps_nothing_when_left_without_commit(any_uow: UnitOfWork) -> None:
    member = make_member()
    kept = make_event(created_by=member.id)
    await store(any_uow, kept, by=member)
    lost = make_event(created_by=member.id)

    async with any_uow:
        any_uow.events.add(lost)
        await any_uow.events.remove(await any_uow.events.get(kept.id))
        await any_uow.flush()

    async with any_uow:
        assert (await any_uow.events.get(kept.id)).id == kept.id
        with pytest.raises(EventNotFoundError):
            await any_uow.events.get(lost.id)


async def test_finds_nothing_when_unknown_or_removed(any_uow: UnitOfWork) -> None:
    member = make_member()
    removed = make_event(created_by=member.id)
    other = make_event(created_by=member.id)
    await store(any_uow, removed, other, by=member)
    async with any_uow:
        await any_uow.events.remove(await any_uow.events.get(removed.id))
        await any_uow.commit()

    async with any_uow:
        for unknown in (removed.id, EventId(uuid4())):
            with pytest.raises(EventNotFoundError):
                await any_uow.events.get(unknown)
        assert (await any_uow.events.get(other.id)).id == other.id


async def test_refuses_the_second_when_one_edits_and_one_removes(
    two_uows: tuple[UnitOfWork, UnitOfWork],
) -> None:
    first, second = two_uows
    member = make_member()
    edited = make_event(created_by=member.id)
    removed = make_event(created_by=member.id)
    await store(first, edited, removed, by=member)

    async with first, second:
        (await first.events.get(edited.id)).edit(EventChanges(title="First"), LATER)
        await first.events.remove(await first.events.get(removed.id))
        await second.events.remove(await second.events.get(edited.id))
        await first.commit()
        with pytest.raises(CollisionError):
            await second.commit()
    async with first, second:
        (await second.events.get(edited.id)).edit(EventChanges(title="Second"), LATER)
        await first.events.remove(await first.events.get(edited.id))
        await first.commit()
        with pytest.raises(CollisionError):
            await second.commit()

    async with first:
        for gone in (edited.id, removed.id):
            with pytest.raises(EventNotFoundError):
                await first.events.get(gone)
