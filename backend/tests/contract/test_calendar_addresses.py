import pytest

from app.application.calendar_addresses_queries import CalendarAddressQueries, CalendarAddressView
from app.application.unit_of_work import UnitOfWork
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.members.member import Member, Role
from app.infrastructure.database.calendar_addresses import SqlAlchemyCalendarAddressQueries
from tests.factories import NOW, make_member
from tests.fakes import InMemoryUnitOfWork
from tests.fakes.calendar_addresses import InMemoryCalendarAddressQueries


@pytest.fixture
def queries(any_uow: UnitOfWork, request: pytest.FixtureRequest) -> CalendarAddressQueries:
    if isinstance(any_uow, InMemoryUnitOfWork):
        return InMemoryCalendarAddressQueries(any_uow.store)
    return SqlAlchemyCalendarAddressQueries(request.getfixturevalue("database").reads)


async def made(uow: UnitOfWork, member: Member) -> CalendarToken:
    token = CalendarToken.new()
    address = CalendarAddress(member_id=member.id, token_digest=token.digest, created_at=NOW)
    async with uow:
        if await uow.members.find(member.id) is None:
            uow.members.add(member)
            await uow.flush()
        await uow.calendar_addresses.replace(address)
        await uow.commit()
    return token


async def test_finds_the_owners_role_when_the_address_is_the_newest(
    any_uow: UnitOfWork, author: Member, queries: CalendarAddressQueries
) -> None:
    older, newer = [await made(any_uow, author) for _ in range(2)]
    other = await made(any_uow, make_member(role=Role.BOARD_MEMBER))

    roles = [await queries.find_role(token) for token in (older, newer, other, CalendarToken.new())]

    assert roles == [None, Role.SUPPORTER, Role.BOARD_MEMBER, None]
    assert await queries.get_address(author.id) == CalendarAddressView(NOW)


async def test_finds_no_role_when_the_owner_cannot_log_in(
    any_uow: UnitOfWork, queries: CalendarAddressQueries
) -> None:
    closed = make_member()
    unverified = make_member(email_verified_at=None)
    closed.is_active = False

    for member in (closed, unverified):
        assert await queries.find_role(await made(any_uow, member)) is None


@pytest.mark.parametrize("how", ["removed", "erased"])
async def test_finds_nothing_when_the_address_is_gone(
    how: str, any_uow: UnitOfWork, author: Member, queries: CalendarAddressQueries
) -> None:
    token = await made(any_uow, author)
    kept = await made(any_uow, make_member())

    async with any_uow:
        if how == "removed":
            await any_uow.calendar_addresses.remove(author.id)
        else:
            await any_uow.personal_data.erase(author.id)
        await any_uow.commit()

    assert (await queries.find_role(token), await queries.find_role(kept)) == (None, Role.SUPPORTER)
    with pytest.raises(CalendarAddressNotFoundError):
        await queries.get_address(author.id)
