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

    In CSV a cell that a spreadsheet would take for a formula gets an apostrophe in front. `dialect=excel`
    is CSV for spreadsheets: with a byte order mark, semicolons, local times without a zone, and yes or no.
    In XLSX times are local dates and text is cut at 32,767 characters; JSON is exact. Local is the
    association's time zone. At most two exports at a time. Each is recorded in the audit log.
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
    """The events that you see in the list, in the order in which they were planned, as one file.

    CSV, XLSX and JSON as for news; `ics` is a calendar to be imported. At most two exports at a time.
    Each is recorded in the audit log.
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
    """The members, in the order in which they joined, as one file. No passwords, in any form.

    For administrators who entered their password within the hour; otherwise the answer is 403 with
    the code `reauthentication_required`. At most two exports at a time. Each is recorded in the
    audit log.
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
    """Who answered what, one row an answer. Of an anonymous consultation its results, once it is
    closed and its ballots are shuffled: one row an option with its count, and one row a text.
    Recorded in the audit log.
    """
    return await attachment(
        await exports.export_responses(
            id, params.to_file(), actor=actor, uow=uow, clock=clock, queries=queries, exporter=exporter
        )
    )
