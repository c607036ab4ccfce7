from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import StreamingResponse

from app.application import exports
from app.application.access import Action
from app.domain.consultations.consultation import ConsultationNotClosedError, ConsultationNotFoundError
from app.domain.consultations.responses import ResultsNotReadyError
from app.presentation.http.attachments import CALENDAR_CONTENT, TABLE_CONTENT, attachment, export_operation
from app.presentation.http.dependencies import (
    ClockDep,
    ConsultationQueriesDep,
    CurrentActor,
    ExporterDep,
    UowDep,
)
from app.presentation.http.routing import api_router
from app.presentation.http.schemas.exports import (
    EventExportParams,
    MemberExportParams,
    NewsExportParams,
    ResponseExportParams,
)

router = api_router("/exports", "exports")


@router.get("/news", summary="Export news", **export_operation(Action.EXPORT_NEWS))
async def export_news(
    params: Annotated[NewsExportParams, Query()],
    actor: CurrentActor,
    uow: UowDep,
    clock: ClockDep,
    exporter: ExporterDep,
) -> StreamingResponse:
    """The articles that you see in the list, with their content, oldest first, as one file.

    In CSV an apostrophe precedes a cell that a spreadsheet would interpret as a formula. `dialect=excel` is
    CSV for spreadsheets: with a byte order mark, semicolons, local times without a zone, and yes or no.
    In XLSX times are local dates, and text is truncated after 32,767 characters; JSON is exact. Local times
    are those of the association's time zone. Two exports can run at a time. The audit log records each.
    """
    return await attachment(
        exports.export_news(
            params.to_filter(), params.to_file(), actor=actor, uow=uow, clock=clock, exporter=exporter
        )
    )


@router.get(
    "/events",
    summary="Export events",
    **export_operation(Action.EXPORT_EVENTS, content=TABLE_CONTENT | CALENDAR_CONTENT),
)
async def export_events(
    params: Annotated[EventExportParams, Query()],
    actor: CurrentActor,
    uow: UowDep,
    clock: ClockDep,
    exporter: ExporterDep,
) -> StreamingResponse:
    """The events that you see in the list, in the order of their creation, as one file.

    CSV, XLSX and JSON are as for news; `ics` is a calendar to import. Two exports can run at a time. The
    audit log records each.
    """
    return await attachment(
        exports.export_events(
            params.to_filter(), params.to_file(), actor=actor, uow=uow, clock=clock, exporter=exporter
        )
    )


@router.get("/members", summary="Export members", **export_operation(Action.EXPORT_MEMBERS))
async def export_members(
    params: Annotated[MemberExportParams, Query()],
    actor: CurrentActor,
    uow: UowDep,
    clock: ClockDep,
    exporter: ExporterDep,
) -> StreamingResponse:
    """The members, in the order in which they joined, as one file, without passwords in any form.

    For administrators who entered their password within the hour; otherwise the response is 403 with
    the code `reauthentication_required`. Two exports can run at a time. The audit log records each.
    """
    return await attachment(
        exports.export_members(
            params.to_filter(), params.to_file(), actor=actor, uow=uow, clock=clock, exporter=exporter
        )
    )


@router.get(
    "/consultations/{id}/responses",
    summary="Export responses",
    **export_operation(
        Action.EXPORT_RESPONSES, ConsultationNotFoundError, ConsultationNotClosedError, ResultsNotReadyError
    ),
)
async def export_responses(
    *,
    id: UUID,
    params: Annotated[ResponseExportParams, Query()],
    actor: CurrentActor,
    uow: UowDep,
    clock: ClockDep,
    queries: ConsultationQueriesDep,
    exporter: ExporterDep,
) -> StreamingResponse:
    """The answers with the members who gave them, one row for each answer.

    For an anonymous consultation these are its results, after it has closed and its ballots are shuffled: one
    row for each option with its count, and one row for each text. The audit log records each export.
    """
    return await attachment(
        await exports.export_responses(
            id, params.to_file(), actor=actor, uow=uow, clock=clock, queries=queries, exporter=exporter
        )
    )
