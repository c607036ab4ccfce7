"""Reads of the secret calendar addresses of members."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.calendar_addresses import CalendarToken
from app.domain.members.member import MemberId, Role


@dataclass(frozen=True, slots=True)
class CalendarAddressView:
    created_at: datetime


class CalendarAddressQueries(Protocol):
    async def get_address(self, member_id: MemberId) -> CalendarAddressView:
        """Raises CalendarAddressNotFoundError."""
        ...

    async def find_role(self, token: CalendarToken) -> Role | None:
        """Return the current role of the owner of this address; None for an unknown address or an account
        that cannot log in."""
        ...
