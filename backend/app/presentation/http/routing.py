"""Routes that read requests strictly and declare their permissions and errors in the contract."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from http import HTTPStatus
from random import SystemRandom
from typing import Any

from fastapi import APIRouter, Request, Response, params
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from app.application.access import POLICY, Action, ReauthenticationRequiredError
from app.application.idempotency import IdempotencyKeyInUseError, IdempotencyKeyReusedError
from app.domain.errors import (
    CollisionError,
    DomainError,
    ForbiddenError,
    UnauthenticatedError,
    UnavailableError,
    VersionMismatchError,
)
from app.presentation.http import oauth
from app.presentation.http.dependencies import authorize_request, optional_actor
from app.presentation.http.docs import operation_id
from app.presentation.http.endpoints import Endpoint
from app.presentation.http.errors import HTTP_PROBLEMS, MEDIA_TYPE, declare, status_of
from app.presentation.http.headers import calls_of, with_headers
from app.presentation.http.requests import StrictRequest, check_parameters, require_content_type

API_PREFIX = "/api/v1"
ACTION_EXTENSION = "x-action"
BODY_PROBLEMS = (408, 413, 415)
PROBLEM_SCHEMAS = {400: "OAuthProblem", 422: "ValidationProblem"}
_UNAUTHENTICATED_PROBLEM = (UnauthenticatedError.code, UnauthenticatedError.detail)
RETRY_AFTER_SECONDS = (0.02, 0.1, 0.3)

JSON = frozenset({"application/json"})
MERGE_PATCH = JSON | {"application/merge-patch+json"}
FORM = frozenset({"application/x-www-form-urlencoded"})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """Authorizes the caller before it validates the request (401, 403), so errors reveal nothing to others.

    Then it refuses input that FastAPI accepts: long bodies (413), other content types and encodings (415),
    repeated or too many keys in JSON and query strings (422).
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        if options.get("status_code") == HTTPStatus.NO_CONTENT:
            options["response_class"] = Response  # else FastAPI declares a media type without content
        super().__init__(*arguments, **options)
        self._path_start = self.path.partition("{")[0]
        if self._accepted_content():
            for status in BODY_PROBLEMS:
                self.responses |= {status: _responses([(status, *HTTP_PROBLEMS[status])])[status]}
        calls = {*calls_of(self.dependant)}
        if optional_actor in calls:  # an invalid token is refused even if the route needs none
            self.responses.setdefault(401, _responses([(401, *_UNAUTHENTICATED_PROBLEM)])[401])
        self.responses = with_headers(self.responses, self.status_code or HTTPStatus.OK, calls)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Search for the constant start of the path first, which is faster than each route's expression."""
        if self._path_start in scope["path"]:
            return super().matches(scope)
        return Match.NONE, {}

    def get_route_handler(self) -> Handler:
        endpoint = Endpoint(self)
        action = self._action()
        accepted = self._accepted_content()
        error_format = oauth.oauth_errors if accepted is FORM else nullcontext

        async def strict(received: Request) -> Response:
            request = StrictRequest(received.scope, received.receive)
            await authorize_request(request, action)
            with error_format():
                check_parameters("query", request.query_params)
                if accepted:
                    require_content_type(request, accepted)
                    await request.body()
                if accepted is FORM:  # RFC 6749 §3.2
                    check_parameters("body", await request.form())
                return await _retry_on_collision(partial(_respond, request, endpoint))

        return strict

    def _action(self) -> Action:
        """Raises LookupError for a route that `operation` did not bind to the policy table."""
        extra = self.openapi_extra or {}
        if ACTION_EXTENSION not in extra:
            raise LookupError(
                f"{self.path} has no row of the policy table. Pass **operation(Action.…) to its decorator."
            )
        return Action(extra[ACTION_EXTENSION])

    def _accepted_content(self) -> frozenset[str]:
        if self.body_field is None:
            return frozenset()
        if isinstance(self.body_field.field_info, params.Form):
            return FORM
        return MERGE_PATCH if self.methods == {"PATCH"} else JSON


async def _respond(request: StrictRequest, endpoint: Endpoint) -> Response:
    try:
        response = await endpoint.respond(request)
        if request.before_send is not None:
            await request.before_send(response)
        return response
    finally:
        if request.release is not None:
            await request.release()


async def _retry_on_collision(respond: Callable[[], Awaitable[Response]]) -> Response:
    """Repeat the request after a collision of transactions, each time with a new unit of work.

    The use case runs again as a whole, including what it had already committed, such as the count of a
    log-in attempt. A rollback also removes jobs. Pauses are random, so two requests do not collide again.
    """
    for pause in RETRY_AFTER_SECONDS:
        with suppress(CollisionError):
            return await respond()
        await asyncio.sleep(pause * SystemRandom().uniform(0.5, 1.5))
    return await respond()


def api_router(prefix: str, tag: str, *, base: str = API_PREFIX) -> APIRouter:
    """Create a router whose routes have their whole path, because the log shows the path of a route."""
    return APIRouter(
        prefix=base + prefix,
        tags=[tag],
        route_class=StrictRoute,
        generate_unique_id_function=operation_id,
    )


def operation(
    action: Action, *errors: type[DomainError], changes_version: bool = False, creates: bool = False
) -> dict[str, Any]:
    """Return keyword arguments for a route: its row of the policy table and its problems.

    `changes_version` adds the problems of `If-Match`, `creates` those of `Idempotency-Key`. Problems of
    authentication, validation and availability need no declaration.
    """
    rule = POLICY[action]
    domain_errors: list[type[DomainError]] = [*errors, UnavailableError]
    statuses = [422, 500]
    if rule.minimum_role is not None:
        domain_errors += [UnauthenticatedError, ForbiddenError]
    if rule.max_password_age is not None:
        domain_errors.append(ReauthenticationRequiredError)
    if changes_version:
        domain_errors.append(VersionMismatchError)
        statuses.append(428)
    if creates:
        domain_errors += [IdempotencyKeyInUseError, IdempotencyKeyReusedError]
    problems = [(status_of(error), error.code, error.detail) for error in domain_errors]
    problems += [(status, *HTTP_PROBLEMS[status]) for status in statuses]
    extra: dict[str, Any] = {ACTION_EXTENSION: action.value}
    if rule.minimum_role is None:
        extra["security"] = [{}]
    return {"responses": _responses(problems), "openapi_extra": extra}


def raw_operation(action: Action, *errors: type[DomainError], content: dict[str, Any]) -> dict[str, Any]:
    """Like `operation`, for a response of these media types, which no model describes."""
    arguments = operation(action, *errors)
    arguments["responses"][200] = {"description": "The content.", "content": content}
    return arguments


def _responses(problems: Sequence[tuple[int, str, str]]) -> dict[int, dict[str, Any]]:
    responses: dict[int, dict[str, Any]] = {}
    for status, code, detail in sorted(problems):
        schema = PROBLEM_SCHEMAS.get(status, "Problem")
        media_type = oauth.MEDIA_TYPE if status == HTTPStatus.BAD_REQUEST else MEDIA_TYPE
        response = responses.setdefault(
            status,
            {
                "description": detail,
                "content": {
                    media_type: {
                        "schema": {"$ref": f"#/components/schemas/{schema}"},
                        "examples": {},
                    }
                },
            },
        )
        example = declare(status, code, detail)
        if status == HTTPStatus.BAD_REQUEST:
            example |= {"error": code, "error_description": detail}
        response["content"][media_type]["examples"][code] = {"value": example}
    return responses
