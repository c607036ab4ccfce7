from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query
from fastapi.responses import StreamingResponse

from app.application.access import Action
from app.application.exports import Export, export_members, export_news
from app.presentation.http.dependencies import ClockDep, CurrentActor, ExporterDep, UowDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.exports import MemberExportParams, NewsExportParams

router = api_router("/exports", "exports")


async def attachment(export: Export) -> StreamingResponse:
    """Stream the export as a file to be saved (RFC 6266; the name as in RFC 8187).

    The first piece is read here, so that a database that does not answer is a 503 and not half a
    200. When it fails later the connection is cut, which every client can tell from the end.
    """
    first = await anext(export.chunks)

    async def chunks() -> AsyncIterator[bytes]:
        yield first
        async for chunk in export.chunks:
            yield chunk

    name = f"attachment; filename*=UTF-8''{quote(export.file_name)}"
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return StreamingResponse(chunks(), headers=headers, media_type=export.media_type)


def exported(action: Action) -> dict[str, Any]:
    arguments = operation(action)
    content = {
        "text/csv": {"schema": {"type": "string"}},
        "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
    }
    arguments["responses"][200] = {"description": "The file.", "content": content}
    return arguments | {"response_class": StreamingResponse}


@router.get("/news", summary="Export news", **exported(Action.EXPORT_NEWS))
async def news(
    params: Annotated[NewsExportParams, Query()],
    actor: CurrentActor,
    uow: UowDep,
    clock: ClockDep,
    exporter: ExporterDep,
) -> StreamingResponse:
    """The articles that you see in the list, with their content, oldest first, as one file.

    In CSV a cell that a spreadsheet would take for a formula gets an apostrophe in front; JSON is
    exact. Each export is recorded in the audit log.
    """
    return await attachment(
        await export_news(
            params.to_filter(), params.format, actor=actor, uow=uow, clock=clock, exporter=exporter
        )
    )


@router.get("/members", summary="Export members", **exported(Action.EXPORT_MEMBERS))
async def members(
    params: Annotated[MemberExportParams, Query()],
    actor: CurrentActor,
    uow: UowDep,
    clock: ClockDep,
    exporter: ExporterDep,
) -> StreamingResponse:
    """The members, in the order in which they joined, as one file. No passwords, in any form.

    For administrators who entered their password within the hour; otherwise the answer is 403 with
    the code `reauthentication_required`. Each export is recorded in the audit log.
    """
    return await attachment(
        await export_members(
            params.to_filter(), params.format, actor=actor, uow=uow, clock=clock, exporter=exporter
        )
    )
