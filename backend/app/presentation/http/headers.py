"""Response headers as the contract declares them, so that generated clients offer them."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Any

from fastapi.dependencies.models import Dependant

from app.presentation.http.conditions import entity_tag, known_entity_tag
from app.presentation.http.pagination import pagination

HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "The version of the resource, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string", "examples": ['"1"']},
    },
    "Link": {
        "description": 'The next page, as `rel="next"` (RFC 8288). Missing on the last page.',
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The address of the new resource.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "The number of seconds to wait before you repeat the request.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "The challenge of RFC 6750: `error` classifies the problem with the token.",
        "schema": {"type": "string"},
    },
    "X-Request-ID": {
        "description": "The id of this request in the server's log: yours, if you sent a valid one.",
        "schema": {"type": "string"},
    },
}
"""The contract's `components/headers`."""

_BY_STATUS = {
    HTTPStatus.CREATED: ["Location"],
    HTTPStatus.UNAUTHORIZED: ["WWW-Authenticate"],
    HTTPStatus.FORBIDDEN: ["WWW-Authenticate"],
    HTTPStatus.TOO_MANY_REQUESTS: ["Retry-After"],
    HTTPStatus.SERVICE_UNAVAILABLE: ["Retry-After"],
}
_BY_DEPENDENCY: dict[Callable[..., Any], str] = {
    entity_tag: "ETag",
    known_entity_tag: "ETag",
    pagination: "Link",
}


def with_headers(
    responses: dict[int | str, dict[str, Any]], success: int, calls: AbstractSet[object]
) -> dict[int | str, dict[str, Any]]:
    """Add its headers to each response of a route.

    `calls` are the dependencies of the route; some of them send headers.
    """
    every: dict[int | str, dict[str, Any]] = {success: {}, **responses}
    if known_entity_tag in calls:
        every[304] = {"description": "You have the current version."}
    sent = [name for call, name in _BY_DEPENDENCY.items() if call in calls]
    return {
        status: response | {"headers": {name: _reference(name) for name in _names(int(status), sent)}}
        for status, response in every.items()
    }


def _names(status: int, sent: list[str]) -> list[str]:
    """Return the headers of a response. Only successful ones have those that dependencies send."""
    names = ["X-Request-ID", *_BY_STATUS.get(HTTPStatus(status), [])]
    if status < HTTPStatus.BAD_REQUEST:
        names += sent
    return names


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


def calls_of(dependant: Dependant) -> Iterator[object]:
    """Yield the dependencies that FastAPI calls for a request, at any depth."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls_of(inner)
