"""Calendar addresses in memory."""

from uuid import UUID

from app.application.calendar_addresses_queries import CalendarAddressView
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.members.member import MemberId, Role
from tests.fakes.store import InMemoryStore


class InMemoryCalendarAddressRepository:
    def __init__(self, rows: dict[UUID, CalendarAddress]) -> None:
        self._rows = rows

    async def replace(self, address: CalendarAddress) -> None:
        self._rows[address.member_id] = address

    async def remove(self, member_id: MemberId) -> None:
        self._rows.pop(member_id, None)


class InMemoryCalendarAddressQueries:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def get_address(self, member_id: MemberId) -> CalendarAddressView:
        if member_id not in self._store.calendar_addresses:
            raise CalendarAddressNotFoundError
        return CalendarAddressView(self._store.calendar_addresses[member_id].created_at)

    async def find_role(self, token: CalendarToken) -> Role | None:
        for address in self._store.calendar_addresses.values():
            owner = self._store.members[address.member_id]
            if address.token_digest == token.digest and owner.may_log_in:
                return owner.role
        return None
