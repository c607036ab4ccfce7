from fastapi import Response
from fastapi.responses import StreamingResponse

from app.application import calendar_addresses
from app.application.access import Action
from app.domain.calendar_addresses import CalendarAddressNotFoundError, CalendarToken
from app.domain.errors import LimitExceededError
from app.presentation.http.attachments import CALENDAR_CONTENT
from app.presentation.http.conditions import KnownEntityTagDep
from app.presentation.http.dependencies import (
    BaseUrl,
    CalendarAddressQueriesDep,
    CalendarSourcesDep,
    ClientAddress,
    ClockDep,
    CurrentActor,
    UowDep,
)
from app.presentation.http.routing import api_router, operation, raw_operation
from app.presentation.http.schemas.calendars import CalendarAddressCreated, CalendarAddressRead, Token

router = api_router("", "calendars")
ADDRESS = "/members/me/calendar-address"


@router.get(
    ADDRESS,
    summary="Read your calendar address",
    **operation(Action.READ_CALENDAR_ADDRESS, CalendarAddressNotFoundError),
)
async def read_calendar_address(
    actor: CurrentActor, queries: CalendarAddressQueriesDep
) -> CalendarAddressRead:
    """The time at which you made your secret calendar address. The address itself is shown only then."""
    address = await calendar_addresses.read_calendar_address(actor=actor, queries=queries)
    return CalendarAddressRead.model_validate(address)


@router.put(
    ADDRESS,
    summary="Renew your calendar address",
    **operation(Action.RENEW_CALENDAR_ADDRESS),
)
async def renew_calendar_address(
    *, actor: CurrentActor, uow: UowDep, clock: ClockDep, base_url: BaseUrl, response: Response
) -> CalendarAddressCreated:
    """Make a secret address for a calendar program, which then shows the events that you can see.

    The earlier address stops working. Closing your account withdraws the address; a new password does not.
    It has no version, so it needs no `If-Match`.
    """
    address = await calendar_addresses.renew_calendar_address(actor=actor, uow=uow, clock=clock)
    response.headers["Cache-Control"] = "no-store"
    return CalendarAddressCreated.of(address, base_url)


@router.delete(
    ADDRESS,
    status_code=204,
    summary="Withdraw your calendar address",
    **operation(Action.WITHDRAW_CALENDAR_ADDRESS),
)
async def withdraw_calendar_address(actor: CurrentActor, uow: UowDep, clock: ClockDep) -> None:
    """Make the address stop working immediately. It has no version, so it needs no `If-Match`."""
    await calendar_addresses.withdraw_calendar_address(actor=actor, uow=uow, clock=clock)


@router.get(
    "/calendars/{token}/events.ics",
    summary="Subscribe to a member's calendar",
    response_class=StreamingResponse,
    **raw_operation(
        Action.READ_SUBSCRIBED_CALENDAR,
        CalendarAddressNotFoundError,
        LimitExceededError,
        content=CALENDAR_CONTENT,
    ),
)
async def read_secret_calendar(
    *,
    token: Token,
    client: ClientAddress,
    uow: UowDep,
    clock: ClockDep,
    sources: CalendarSourcesDep,
    tag: KnownEntityTagDep,
) -> StreamingResponse:
    """The events that the owner of this secret address can see now, as iCalendar (RFC 5545).

    The content is that of `events.ics` with the owner's access token. After 30 unknown addresses within
    5 minutes a client has to wait.
    """
    calendar = await calendar_addresses.read_secret_calendar(
        CalendarToken(token), client=client, uow=uow, clock=clock, sources=sources
    )
    headers = tag.headers(calendar.version)
    return StreamingResponse(calendar.content, headers=headers, media_type=calendar.media_type)
