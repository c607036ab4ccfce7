"""Schemas of secret calendar addresses."""

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
    created_at: datetime = Field(description="The time at which the address was last renewed.")


class CalendarAddressCreated(CalendarAddressRead):
    """The address, which is shown only once: the server stores a digest."""

    url: str = Field(
        description="The address for a calendar program. Everybody who has it can read the calendar.",
        json_schema_extra={"format": "uri"},
    )

    @classmethod
    def of(cls, address: NewCalendarAddress, base_url: str) -> Self:
        url = f"{base_url}api/v1/calendars/{address.token.text}/events.ics"
        return cls(url=url, created_at=address.created_at)
