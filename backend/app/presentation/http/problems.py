"""Descriptions of error codes as JSON and as a page: the targets of `type` (RFC 9457 §3.1.1)."""

from html import escape
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path, Response
from fastapi.responses import HTMLResponse, JSONResponse

from app.domain.errors import NotFoundError
from app.presentation.http.errors import PROBLEM_TYPES, ProblemType
from app.presentation.http.schemas.base import Text

HTML: Final = "text/html"
JSON: Final = "application/json"
CONTENT: dict[str, dict[str, Any]] = {
    JSON: {"schema": {"$ref": "#/components/schemas/ProblemType"}},
    HTML: {"schema": {"type": "string"}},
}

_PAGE = """<!doctype html>
<html lang="en">
<title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>body {{ font: 1rem/1.5 sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem }}</style>
<h1>{title}</h1>
<p>{detail}</p>
<p>Code <code>{code}</code>, status {status}.</p>
<p><a href="../problems">All codes</a>, <a href="../docs">all requests</a></p>
"""


class ProblemTypeNotFoundError(NotFoundError):
    code = "problem_type_not_found"
    detail = "No problem has this code."


def problem_types() -> list[ProblemType]:
    """Return all problem types of this release, sorted by code."""
    return [PROBLEM_TYPES[code] for code in sorted(PROBLEM_TYPES)]


def prefers_html(accept: str) -> bool:
    """Return whether the client prefers HTML to JSON, the default (RFC 9110 §12.5.1)."""
    return _quality(accept, HTML) > _quality(accept, JSON)


def _quality(accept: str, media_type: str) -> float:
    """Return the weight of the most specific range that includes the media type."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        given = [each.removeprefix("q=") for each in parameters if each.startswith("q=")]
        weights[name] = _weight(given[0]) if given else 1.0
    family = media_type.partition("/")[0]
    ranges = (media_type, f"{family}/*", "*/*")
    return next((weights[each] for each in ranges if each in weights), 0.0)


def _weight(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdecimal() else 0.0


async def _page(
    code: Annotated[Text, Path(max_length=100, examples=["article_not_found"])],
    accept: Annotated[str, Header(include_in_schema=False)] = JSON,
) -> Response:
    """Raises ProblemTypeNotFoundError.

    Accept is not in the contract: OpenAPI ignores a parameter of that name.
    """
    found = PROBLEM_TYPES.get(code)
    if found is None:
        raise ProblemTypeNotFoundError
    headers = {"Vary": "Accept"}
    if not prefers_html(accept):
        return JSONResponse(found.model_dump(), headers=headers)
    shown = {name: escape(str(value)) for name, value in found.model_dump().items()}
    return HTMLResponse(_PAGE.format(**shown), headers=headers)


ProblemPageDep = Annotated[Response, Depends(_page)]
