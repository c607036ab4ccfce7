"""Errors of the OAuth 2 endpoints (RFC 6749 §5.2, RFC 7009 §2.2.1), which are also problem documents.

Clients are not registered, so `invalid_client` never occurs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from app.core.logging import get_logger
from app.domain.auth import OAuthError
from app.presentation.http.errors import FieldProblem, Problem, field_problem, problem_response, status_of

MEDIA_TYPE = "application/json"
GRANT_TYPE = ("body", "grant_type")

_log = get_logger()


class InvalidRequestError(OAuthError):
    """Parameters are missing, repeated or malformed. `fields` are Pydantic's errors."""

    code: ClassVar[str] = "invalid_request"
    detail: ClassVar[str] = "Some parameters are missing, repeated or not valid. `errors` lists them."

    def __init__(self, fields: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self.fields = fields


class UnsupportedGrantTypeError(InvalidRequestError):
    code: ClassVar[str] = "unsupported_grant_type"
    detail: ClassVar[str] = "Use the grant type `password` or `refresh_token`."


class OAuthProblem(Problem):
    """A problem with the members of RFC 6749 §5.2. Its media type is `application/json`, as there."""

    error: str
    error_description: str
    errors: list[FieldProblem]


@contextmanager
def oauth_errors() -> Iterator[None]:
    """Convert validation errors. Raises InvalidRequestError, UnsupportedGrantTypeError."""
    try:
        yield
    except RequestValidationError as error:
        fields = error.errors()
        unsupported = any(each["type"] == "literal_error" and each["loc"] == GRANT_TYPE for each in fields)
        raise (UnsupportedGrantTypeError if unsupported else InvalidRequestError)(fields) from None


async def refused(request: Request, error: OAuthError) -> Response:
    status = status_of(type(error))
    _log.info("refused", code=error.code, status=status)
    fields = error.fields if isinstance(error, InvalidRequestError) else ()
    return problem_response(
        request,
        status,
        error.code,
        error.detail,
        media_type=MEDIA_TYPE,
        error=error.code,
        error_description=error.detail,
        errors=[field_problem(field) for field in fields],
    )


def install(app: FastAPI) -> None:
    app.exception_handler(OAuthError)(refused)
