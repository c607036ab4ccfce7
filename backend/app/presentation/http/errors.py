"""The conversion of errors to problem documents (RFC 9457)."""

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from app.application.access import ReauthenticationRequiredError
from app.application.idempotency import IdempotencyKeyReusedError, StoredResponseFoundError
from app.core.logging import get_logger
from app.domain.auth import OAuthError
from app.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidTokenError,
    LimitExceededError,
    NotFoundError,
    RuleViolationError,
    UnauthenticatedError,
    UnavailableError,
    VersionMismatchError,
)
from app.presentation.http.proxies import prefix_of

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[DomainError], int] = {
    OAuthError: 400,
    UnauthenticatedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    VersionMismatchError: 412,
    RuleViolationError: 422,
    LimitExceededError: 429,
    UnavailableError: 503,
}

LOCATIONS: dict[type[RuleViolationError], tuple[str, str]] = {
    IdempotencyKeyReusedError: ("header", "idempotency-key"),
}
"""Part of the request and name of the value, for errors about values outside the body."""

HEADERS: dict[int, dict[str, str]] = {503: {"Retry-After": "5"}}

CHALLENGES: dict[type[DomainError], str] = {
    UnauthenticatedError: 'Bearer realm="pau2"',
    InvalidTokenError: 'Bearer realm="pau2", error="invalid_token"',
    ForbiddenError: 'Bearer realm="pau2", error="insufficient_scope"',
    ReauthenticationRequiredError: (
        'Bearer realm="pau2", error="insufficient_user_authentication", max_age="3600"'
    ),
}
"""Error → WWW-Authenticate. Without a token there is no `error` (RFC 6750 §3.1); `max_age` is the maximum age
of the password in seconds (RFC 9470 §3)."""

HTTP_PROBLEMS: dict[int, tuple[str, str]] = {
    400: ("malformed_request", "The request is malformed."),
    404: (NotFoundError.code, NotFoundError.detail),
    405: ("method_not_allowed", "This address does not support this method."),
    408: ("request_timeout", "The request body did not arrive within 30 seconds."),
    413: ("content_too_large", "The request body is larger than 1 MiB."),
    415: ("unsupported_media_type", "This address does not support the content type or encoding."),
    422: ("validation_failed", "Some values are not valid. `errors` lists them."),
    428: ("precondition_required", "Send If-Match with the ETag of the version that you have read."),
    500: (
        "internal_error",
        "The server failed. Report the request id, which identifies the request in its log.",
    ),
}
"""Status → code and detail of errors that are not domain errors."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_log = get_logger()

_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
"""A member of an enumeration in a message of Pydantic."""

_SAFE_SEGMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class FieldProblem(BaseModel):
    """One value that is not valid."""

    pointer: str = Field(
        description="JSON Pointer (RFC 6901) into `{body, query, path, header}` of the request.",
        examples=["/body/title"],
    )
    code: str = Field(examples=["string_too_short"])
    message: str


class ProblemType(BaseModel):
    """The members of a problem that are the same for every request."""

    type: str = Field(json_schema_extra={"format": "uri-reference"}, examples=["/problems/article_not_found"])
    title: str
    status: int
    detail: str
    code: str


class Problem(ProblemType):
    """An error (RFC 9457). Decide by `code`; `detail` is for people and may change."""

    instance: str = Field(json_schema_extra={"format": "uri-reference"})
    request_id: str


class ValidationProblem(Problem):
    errors: list[FieldProblem]


def status_of(error: type[DomainError]) -> int:
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def headers_of(error: DomainError) -> dict[str, str]:
    """Return the headers that the error adds to the headers of its status."""
    if isinstance(error, LimitExceededError):
        return {"Retry-After": str(math.ceil(error.retry_after.total_seconds()))}
    challenges = [CHALLENGES[kind] for kind in type(error).__mro__ if kind in CHALLENGES]
    return {"WWW-Authenticate": challenges[0]} if challenges else {}


def describe(status: int, code: str, detail: str) -> dict[str, Any]:
    """Return the members of a problem that are the same for every request, as JSON."""
    title = code.replace("_", " ").capitalize()
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }


def declare(status: int, code: str, detail: str) -> dict[str, Any]:
    """Describe a problem that a route can return, and add it to PROBLEM_TYPES."""
    described = describe(status, code, detail)
    PROBLEM_TYPES[code] = ProblemType(**described)
    return described


PROBLEM_TYPES: dict[str, ProblemType] = {}
"""Code → problem type. Routes add the errors that they declare; these belong to no route."""
for _status in (404, 405):
    declare(_status, *HTTP_PROBLEMS[_status])


def problem_response(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = MEDIA_TYPE,
    **members: object,
) -> JSONResponse:
    problem = describe(status, code, detail) | {
        "type": f"{prefix_of(request)}/problems/{code}",
        "instance": quote(request.url.path),
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        **members,
    }
    every = HEADERS.get(status, {}) | dict(headers or {})
    return JSONResponse(problem, status, every, media_type)


async def domain_error(request: Request, error: DomainError) -> Response:
    status = status_of(type(error))
    _log.info("refused", code=error.code, status=status)
    if not isinstance(error, RuleViolationError):
        return problem_response(request, status, error.code, error.detail, headers=headers_of(error))
    location = LOCATIONS.get(type(error), ("body", error.field))
    field = {"pointer": _pointer((*location, *error.args)), "code": error.code, "message": error.detail}
    return problem_response(request, status, error.code, error.detail, errors=[field])


async def repeat_response(_request: Request, error: StoredResponseFoundError) -> Response:
    stored = error.response
    return Response(stored.body, stored.status, stored.headers)


async def http_error(routes: Sequence[BaseRoute], request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=304, headers=error.headers)
    code, detail = HTTP_PROBLEMS[error.status_code]
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(routes, request)) or headers["Allow"]
    return problem_response(request, error.status_code, code, detail, headers=headers)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """Return the methods of all routes with this path (RFC 9110 §15.5.6), not only of the first one."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    found = [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]
    return [*found, "HEAD"] if "GET" in found else found


async def validation_error(request: Request, error: RequestValidationError) -> Response:
    code, detail = HTTP_PROBLEMS[422]
    fields = [field_problem(field) for field in error.errors()]
    return problem_response(request, 422, code, detail, errors=fields)


def field_problem(error: Mapping[str, Any]) -> dict[str, str]:
    """Describe what is wrong with a value without repeating the value.

    For invalid JSON the message is the parser's; FastAPI's location is a position in the text, not a pointer.
    Pydantic adds a piece of the input after the first comma of messages whose context has an `error`, and
    unknown keys to the location; the pointer includes a key only if it looks like a name.
    """
    message = str(error["msg"])
    if error["type"] == "json_invalid":
        return {"pointer": "/body", "code": "json_invalid", "message": error["ctx"]["error"]}
    context = error.get("ctx", {})
    if "error" in context:
        message = message.partition(",")[0]
    if context.get("field_type") == "Value":  # a string that passed our own validators
        message = message.replace("items after validation", "characters")
    message = _MEMBER.sub(r"\1", message)
    return {"pointer": _pointer(error["loc"]), "code": str(error["type"]), "message": message}


def _pointer(location: Sequence[int | str]) -> str:
    segments = [str(segment) for segment in location]
    return "".join(f"/{part}" for part in segments if _SAFE_SEGMENT.fullmatch(part))


def internal_error(request: Request) -> Response:
    return problem_response(request, 500, *HTTP_PROBLEMS[500])


def install(app: FastAPI) -> None:
    app.exception_handler(DomainError)(domain_error)
    app.exception_handler(StoredResponseFoundError)(repeat_response)
    app.exception_handler(HTTPException)(partial(http_error, app.routes))
    app.exception_handler(RequestValidationError)(validation_error)
