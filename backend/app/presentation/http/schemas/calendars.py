"""Secret calendar addresses at the boundary."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Path
from pydantic import Field

from app.application.calendar_addresses import NewCalendarAddress
from app.presentation.http.schemas.base import Text, View

Token = Annotated[
    Text, Path(max_length=64, description="The secret part of the address.", examples=["k3jR…"])
]


class CalendarAddressRead(View):
    created_at: datetime = Field(description="When the address was made or last renewed.")


class CalendarAddressCreated(CalendarAddressRead):
    """Shown once: only a digest of the address is kept."""

    url: str = Field(
        description="For a calendar program to subscribe to. Whoever has it can read the calendar.",
        json_schema_extra={"format": "uri"},
    )

    @classmethod
    def of(cls, address: NewCalendarAddress, base_url: str) -> Self:
        url = f"{base_url}api/v1/calendars/{address.token.text}/events.ics"
        return cls(url=url, created_at=address.created_at)
