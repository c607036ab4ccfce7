"""Answers that are files to be saved."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from app.application.access import Action
from app.application.exports import Export
from app.domain.errors import DomainError
from app.presentation.http.routing import operation


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


def exported(action: Action, *errors: type[DomainError]) -> dict[str, Any]:
    arguments = operation(action, *errors)
    content = {
        "text/csv": {"schema": {"type": "string"}},
        "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
    }
    arguments["responses"][200] = {"description": "The file.", "content": content}
    return arguments | {"response_class": StreamingResponse}
