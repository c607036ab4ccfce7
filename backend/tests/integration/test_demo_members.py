"""Demo members are ordinary members, and the same on every machine."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from app.core.database import Database
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import Member, Role
from app.infrastructure.database.demo_members import BATCH, SqlAlchemyDemoMembers
from app.infrastructure.database.members import members
from tests.fakes import FixedClock


async def stored(database: Database) -> list[Member]:
    async with database.sessions() as session:
        return list(await session.scalars(select(Member).order_by(members.c.email)))


async def test_is_a_valid_member_when_made_up(database: Database, clock: FixedClock) -> None:
    await SqlAlchemyDemoMembers(database.sessions, clock=clock).add(1000, password_hash="hash")

    found = await stored(database)
    assert len(found) == 1000
    for member in found:
        assert EmailAddress.parse(member.email.value) == member.email
        assert member.phone is None or PhoneNumber.parse(member.phone.value) == member.phone
        assert len(member.full_name.split()) == 3
        assert member.id.version == 7
        assert clock.now() - timedelta(days=1830) < member.created_at <= clock.now()
        assert member.version == 1
    assert Counter(member.role for member in found) == {
        Role.MEMBER: 750,
        Role.SUPPORTER: 248,
        Role.BOARD_MEMBER: 2,
    }
    assert 0 < sum(member.may_log_in for member in found) < 1000


async def test_adds_only_who_is_missing_when_called_again(database: Database, clock: FixedClock) -> None:
    demo_members = SqlAlchemyDemoMembers(database.sessions, clock=clock)
    await demo_members.add(10, password_hash="hash")
    first = [(member.id, member.email) for member in await stored(database)]

    clock.move(timedelta(days=1))
    await demo_members.add(12, password_hash="hash")
    second = [(member.id, member.email) for member in await stored(database)]

    assert len(second) == 12
    assert set(first) < set(second)


async def test_makes_every_member_when_there_is_more_than_one_batch(
    database: Database, clock: FixedClock
) -> None:
    await SqlAlchemyDemoMembers(database.sessions, clock=clock).add(BATCH + 1, password_hash="hash")

    assert len(await stored(database)) == BATCH + 1
