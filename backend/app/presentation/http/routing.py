"""Routes that read requests strictly, and say in the contract who may call them and what can fail."""

import json
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import ImmutableMultiDict

from app.application.access import POLICY, Action, ReauthenticationRequiredError
from app.application.idempotency import IdempotencyKeyInUseError, IdempotencyKeyReusedError
from app.domain.errors import (
    DomainError,
    ForbiddenError,
    PreconditionFailedError,
    UnauthenticatedError,
    UnavailableError,
)
from app.presentation.http.errors import HTTP_PROBLEMS, MEDIA_TYPE, describe, status_of

BASE = "/api/v1"

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_ARRAY_LENGTH = 200

JSON = frozenset({"application/json"})
MERGE_PATCH = JSON | {"application/merge-patch+json"}
FORM = frozenset({"application/x-www-form-urlencoded"})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """`on_answer` is called with a finished answer, before any of it is sent."""

    on_answer: Callable[[Response], Awaitable[None]] | None = None

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Count what really arrives, whatever was announced. Raises HTTPException 413."""
        received = 0
        async for chunk in super().stream():
            received += len(chunk)
            if received > MAX_BODY_BYTES:
                raise HTTPException(413)
            yield chunk

    async def json(self) -> object:
        return parse_json(await self.body())


class StrictRoute(APIRoute):
    """Refuses what FastAPI lets pass: long bodies (413), other content types and encodings (415), and
    JSON or query strings that say one thing twice (422)."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        accepted = self._accepted_content()

        async def strict(received: Request) -> Response:
            request = StrictRequest(received.scope, received.receive)
            refuse_repeated_parameters("query", request.query_params)
            if accepted:
                refuse_other_content(request, accepted)
            if accepted is FORM:  # RFC 6749 §3.2
                refuse_repeated_parameters("body", await request.form())
            response = await handler(request)
            if request.on_answer is not None:
                await request.on_answer(response)
            return response

        return strict

    def _accepted_content(self) -> frozenset[str]:
        if self.body_field is None:
            return frozenset()
        if isinstance(self.body_field.field_info, params.Form):
            return FORM
        return MERGE_PATCH if self.methods == {"PATCH"} else JSON


def api_router(prefix: str, tag: str, *, base: str = BASE) -> APIRouter:
    """Each route knows its whole path, which is what the request log shows."""
    return APIRouter(prefix=base + prefix, tags=[tag], route_class=StrictRoute)


def operation(
    action: Action, *errors: type[DomainError], changes_version: bool = False, creates: bool = False
) -> dict[str, Any]:
    """Keyword arguments for a route: its row of the policy table and the problems it can answer.

    `changes_version` adds those of `If-Match`, `creates` those of `Idempotency-Key`.
    Authentication, validation and availability problems follow from the rest.
    """
    rule = POLICY[action]
    every: list[type[DomainError]] = [*errors, UnavailableError]
    plain = [422, 500]
    if rule.least_role is not None:
        every += [UnauthenticatedError, ForbiddenError]
    if rule.password_within is not None:
        every.append(ReauthenticationRequiredError)
    if changes_version:
        every.append(PreconditionFailedError)
        plain.append(428)
    if creates:
        every += [IdempotencyKeyInUseError, IdempotencyKeyReusedError]
    problems = [(status_of(error), error.code, error.detail) for error in every]
    problems += [(status, *HTTP_PROBLEMS[status]) for status in plain]
    extra: dict[str, Any] = {"x-action": action.value}
    if rule.least_role is None:
        extra["security"] = [{}]
    return {"responses": _responses(problems), "openapi_extra": extra}


def _responses(problems: Sequence[tuple[int, str, str]]) -> dict[int, dict[str, Any]]:
    responses: dict[int, dict[str, Any]] = {}
    for status, code, detail in sorted(problems):
        invalid = status == HTTPStatus.UNPROCESSABLE_ENTITY
        schema = "ValidationProblem" if invalid else "Problem"
        response = responses.setdefault(
            status,
            {
                "description": detail,
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": f"#/components/schemas/{schema}"},
                        "examples": {},
                    }
                },
            },
        )
        response["content"][MEDIA_TYPE]["examples"][code] = {"value": describe(status, code, detail)}
    return responses


def refuse_repeated_parameters(part: str, parameters: ImmutableMultiDict[str, Any]) -> None:
    """Raises RequestValidationError: of `a=1&a=2` two readers may see different halves."""
    names = [name for name, _ in parameters.multi_items()]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RequestValidationError(
            [
                {"type": "repeated", "loc": (part, name), "msg": "Give this parameter once"}
                for name in repeated
            ]
        )


def refuse_other_content(request: Request, accepted: frozenset[str]) -> None:
    """Raises HTTPException 415 (RFC 9110 §15.5.16), with what would be accepted."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if media_type not in accepted or encoding != "identity":
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        raise HTTPException(415, headers={name: ", ".join(sorted(accepted)), "Accept-Encoding": "identity"})


def parse_json(body: bytes) -> object:
    """Read one JSON text (RFC 8259), and only what every reader takes the same way (RFC 7493).

    Raises json.JSONDecodeError for duplicate keys, numbers that are not finite, text that is not
    UTF-8, nesting beyond MAX_DEPTH and arrays beyond MAX_ARRAY_LENGTH.
    """
    try:
        value: object = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_finite,
        )
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("Nested too deeply", "", 0) from None
    except ValueError:
        raise json.JSONDecodeError("Not a valid text or number", "", 0) from None
    _refuse_large(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise json.JSONDecodeError("Duplicate key", "", 0)
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise json.JSONDecodeError("Number out of range", "", 0)
    return number


def _refuse_large(value: object) -> None:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise json.JSONDecodeError("Nested too deeply", "", 0)
        if any(isinstance(item, list) and len(item) > MAX_ARRAY_LENGTH for item in level):
            raise json.JSONDecodeError("Array too long", "", 0)
        level = [inner for item in level for inner in _inside(item)]


def _inside(container: object) -> Iterable[object]:
    if isinstance(container, dict):
        return container.values()
    return container if isinstance(container, list) else ()
