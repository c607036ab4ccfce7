"""Tests of the order in which an endpoint calls dependencies, and of the parameters that it reads."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict

from app.presentation.http.endpoints import Endpoint


class PageParams(BaseModel):
    """All parameters of a query."""

    model_config = ConfigDict(extra="forbid")
    limit: int = 20


def respond(handler: Callable[..., Any], query: str = "", **headers: str) -> Response:
    """Return the response of a route with this handler to `GET /7`."""
    route = APIRoute("/{id}", handler)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/7",
        "path_params": {"id": "7"},
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return asyncio.run(Endpoint(route).respond(Request(scope)))


class Recorder:
    """Dependencies that record their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def inner(self) -> int:
        self.calls.append("inner")
        return 1

    async def limited(self, limit: Annotated[int, Header()] = 20) -> int:
        self.calls.append("limited")
        return limit


def test_shared_dependency_is_called_once() -> None:
    recorder = Recorder()

    async def outer(number: Annotated[int, Depends(recorder.inner)]) -> int:
        return number + 1

    async def handler(
        one: Annotated[int, Depends(recorder.inner)], two: Annotated[int, Depends(outer)]
    ) -> list[int]:
        return [one, two]

    assert respond(handler).body == b"[1,2]"
    assert recorder.calls == ["inner"]


def test_parameters_come_from_path_query_and_headers() -> None:
    async def handler(
        id: int, params: Annotated[PageParams, Query()], agent: Annotated[str, Header()] = "none"
    ) -> list[object]:
        return [id, params.limit, agent]

    assert respond(handler).body == b'[7,20,"none"]'
    assert respond(handler, "limit=5", agent="tests").body == b'[7,5,"tests"]'


def test_all_invalid_parameters_are_reported_together() -> None:
    recorder = Recorder()

    async def dependent(number: Annotated[int, Depends(recorder.limited)]) -> int:
        recorder.calls.append("dependent")
        return number

    async def handler(
        params: Annotated[PageParams, Query()],
        limit: Annotated[int, Depends(dependent)],
        other: Annotated[int, Depends(recorder.inner)],
    ) -> list[object]:
        recorder.calls.append("handler")
        return [params.limit, limit, other]

    with pytest.raises(RequestValidationError) as failure:
        respond(handler, "limit=x&page=2", limit="y")
    locations = [error["loc"] for error in failure.value.errors()]
    assert locations == [("header", "limit"), ("query", "limit"), ("query", "page")]
    assert recorder.calls == ["inner"]


def test_handler_may_return_its_own_response() -> None:
    async def handler(response: Response) -> Response:
        response.headers["ETag"] = '"1"'
        return Response(b"text", 202)

    response = respond(handler)
    assert (response.status_code, response.body) == (202, b"text")
    assert "etag" not in response.headers


def test_required_header_is_refused() -> None:
    async def handler(agent: Annotated[str, Header()]) -> None: ...

    with pytest.raises(TypeError, match="agent needs a default value"):
        Endpoint(APIRoute("/", handler))
