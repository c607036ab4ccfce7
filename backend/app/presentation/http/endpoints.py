"""Endpoints: handlers with their dependencies, which are put into order once for each route.

FastAPI does this for each request, which takes as long as a query. Its routes still describe the contract.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast

from fastapi import Request, Response, params
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

Errors = list[Any]
Reader = Callable[[Request], tuple[object, Errors]]
"""Returns a value of a request, or None and what is wrong with it."""

_SOURCES: dict[params.ParamTypes, Callable[[Request], Mapping[str, object]]] = {
    params.ParamTypes.path: attrgetter("path_params"),
    params.ParamTypes.query: attrgetter("query_params"),
    params.ParamTypes.header: attrgetter("headers"),
}
_MISSING = object()
"""The result of a dependency whose parameters are not valid."""


class Endpoint:
    """Calls the dependencies of a route, each once, then its handler, and sends the result as JSON.

    Dependencies and handlers are coroutine functions. The errors of all parameters are reported together; a
    function is called only if its own parameters are valid, and the handler only if all are.
    """

    def __init__(self, route: APIRoute) -> None:
        *self._dependencies, self._handler = _ordered_calls(route.dependant, {})
        self._body_field = route.body_field
        self._body_fields = route.dependant.body_params
        self._schema = route.response_field
        self._status = route.status_code or 200
        self._media_type = None if self._schema is None else "application/json"

    async def respond(self, request: Request) -> Response:
        """Return the response. Raises RequestValidationError."""
        content = await self._read_content(request)
        response = Response(None, self._status, media_type=self._media_type)
        errors: Errors = []
        results: list[object] = []
        for call in self._dependencies:
            arguments = call.arguments(request, response, results, errors)
            results.append(_MISSING if arguments is None else await call.function(**arguments))
        arguments = self._handler.arguments(request, response, results, errors) or {}
        if self._body_fields:
            body, found = await request_body_to_args(self._body_fields, content, embed_body_fields=False)
            arguments |= body
            errors += found
        if errors:
            raise RequestValidationError(errors)
        return self._complete(response, await self._handler.function(**arguments))

    async def _read_content(self, request: Request) -> object:
        if self._body_field is None:
            return None
        if isinstance(self._body_field.field_info, params.Form):
            return await request.form()
        return await _read_json(request)

    def _complete(self, response: Response, result: object) -> Response:
        """Return the handler's own response, or the prepared one with the result as its content."""
        if isinstance(result, Response):
            return result
        if self._schema is not None:
            response.body = self._schema.serialize_json(result)
            response.headers["Content-Length"] = str(len(response.body))
        return response


@dataclass(frozen=True)
class _Call:
    """A function, and the sources of its arguments by name: `results` are indexes of earlier calls."""

    function: Callable[..., Awaitable[Any]]
    readers: Mapping[str, Reader]
    results: Mapping[str, int]
    request_name: str | None
    response_name: str | None

    def arguments(
        self, request: Request, response: Response, results: list[object], errors: Errors
    ) -> dict[str, Any] | None:
        """Return the arguments, or None if some are not valid. Adds what is wrong to the errors."""
        arguments: dict[str, Any] = {name: results[index] for name, index in self.results.items()}
        is_valid = _MISSING not in arguments.values()
        for name, read in self.readers.items():
            arguments[name], found = read(request)
            if found:
                errors += found
                is_valid = False
        if self.request_name is not None:
            arguments[self.request_name] = request
        if self.response_name is not None:
            arguments[self.response_name] = response
        return arguments if is_valid else None


def _ordered_calls(dependant: Dependant, indexes: dict[object, int]) -> Iterable[_Call]:
    """Yield the calls of a function's dependencies, at any depth, then its own.

    `indexes` are those of the functions that were called before.
    """
    for inner in dependant.dependencies:
        if inner.call not in indexes:
            yield from _ordered_calls(inner, indexes)
    fields = [*dependant.path_params, *dependant.query_params, *dependant.header_params]
    yield _Call(
        function=cast("Callable[..., Awaitable[Any]]", dependant.call),
        readers={field.name: _reader(field) for field in fields},
        results={inner.name: indexes[inner.call] for inner in dependant.dependencies if inner.name},
        request_name=dependant.request_param_name or dependant.http_connection_param_name,
        response_name=dependant.response_param_name,
    )
    indexes[dependant.call] = len(indexes)


def _reader(field: ModelField) -> Reader:
    """Return the reader of one value, or of all values of the query if the field is a model.

    Raises TypeError for a required value outside the path: `Endpoint` could not report that it is missing.
    """
    info = cast("params.Param", field.field_info)
    source = _SOURCES[info.in_]
    part = info.in_.value
    if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
        return lambda request: field.validate(dict(source(request)), loc=(part,))
    if info.is_required() and info.in_ is not params.ParamTypes.path:
        raise TypeError(f"The parameter {field.alias} needs a default value.")

    def read(request: Request) -> tuple[object, Errors]:
        value = source(request).get(field.alias, _MISSING)
        return (field.default, []) if value is _MISSING else field.validate(value, loc=(part, field.alias))

    return read


async def _read_json(request: Request) -> object:
    if not await request.body():
        return PydanticUndefined
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise RequestValidationError(
            [{"type": "json_invalid", "loc": ("body",), "msg": "Invalid JSON", "ctx": {"error": error.msg}}]
        ) from None
