"""In-memory stand-ins for the repositories of what belongs to an account."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from app.application.queries import CalendarAddressView
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.email_changes import EmailChange, EmailChangeId
from app.domain.members import MemberId, Role

if TYPE_CHECKING:
    from tests.fakes import InMemoryStore


class InMemoryCalendarAddressRepository:
    def __init__(self, rows: dict[UUID, CalendarAddress]) -> None:
        self._rows = rows

    async def replace(self, address: CalendarAddress) -> None:
        self._rows[address.member_id] = address

    async def remove(self, member_id: MemberId) -> None:
        self._rows.pop(member_id, None)


class InMemoryCalendarAddressQueries:
    def __init__(self, store: "InMemoryStore") -> None:
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


class InMemoryEmailChangeRepository:
    def __init__(self, rows: dict[UUID, EmailChange]) -> None:
        self._rows = rows

    async def replace(self, change: EmailChange) -> None:
        await self.withdraw(change.member_id)
        self._rows[change.id] = change

    async def find(self, id: EmailChangeId) -> EmailChange | None:
        return self._rows.get(id)

    async def find_locked(self, id: EmailChangeId) -> EmailChange | None:
        return self._rows.get(id)

    async def withdraw(self, member_id: MemberId) -> None:
        for change in [each for each in self._rows.values() if each.member_id == member_id]:
            if change.confirmed_at is None:
                del self._rows[change.id]

    async def remove_expired(self, *, before: datetime) -> None:
        for change in [each for each in self._rows.values() if each.expires_at < before]:
            del self._rows[change.id]
