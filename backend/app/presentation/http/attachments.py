"""Responses that are files to save."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.application.access import Action
from app.application.exports import Export, TooManyExportsError
from app.domain.errors import DomainError
from app.presentation.http.requests import HEAD_ONLY
from app.presentation.http.routing import raw_operation

TABLE_CONTENT: dict[str, dict[str, Any]] = {
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
        "schema": {"type": "string", "format": "binary"}
    },
    "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
}
CALENDAR_CONTENT: dict[str, dict[str, Any]] = {"text/calendar": {"schema": {"type": "string"}}}


class Download(StreamingResponse):
    """An export as a file to save (RFC 6266; the name as in RFC 8187).

    The first chunk is read before the response starts, so errors surface before the 200 is sent. A later
    error closes the connection early, which clients can distinguish from the end of the file. A client that
    disconnects ends the export and releases its database connection. HEAD neither runs nor records the
    export (RFC 9110 §9.3.2).
    """

    def __init__(self, export: Export) -> None:
        name = f"attachment; filename*=UTF-8''{quote(export.file_name)}"
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        super().__init__(export.chunks, headers=headers, media_type=export.media_type)
        self._export = export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chunks = self._export.chunks
        async with aclosing(chunks):
            if HEAD_ONLY in scope:
                await chunks.aclose()
            else:
                self.body_iterator = _chain(await anext(chunks), chunks)
            await super().__call__(scope, receive, send)


async def attachment(export: Export) -> Download:
    """Return the response for an export. It reads nothing before it is sent."""
    return Download(export)


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def export_operation(
    action: Action, *errors: type[DomainError], content: dict[str, dict[str, Any]] = TABLE_CONTENT
) -> dict[str, Any]:
    arguments = raw_operation(action, TooManyExportsError, *errors, content=content)
    return arguments | {"response_class": StreamingResponse}
