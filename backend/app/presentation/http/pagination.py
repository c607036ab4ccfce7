"""Keyset pagination: `limit` and an opaque, signed `cursor` in, `next_cursor` and a Link header out."""

import json
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Generic, Self, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from itsdangerous import BadData, URLSafeSerializer
from pydantic import Field

from app.application.paging import KeysetPosition, Page, PageRequest
from app.presentation.http.dependencies import dependencies_of
from app.presentation.http.schemas.base import Schema, Text, View

MAX_LIMIT = 100

Item = TypeVar("Item", bound=View)


class PageParams(Schema):
    """Base of the query parameters of lists. A subclass adds its filters and a `sort`."""

    limit: int = Field(20, ge=1, le=MAX_LIMIT, description="The maximum number of items.")
    cursor: Text | None = Field(
        None,
        max_length=4000,
        description="`next_cursor` of the previous page. Send it with the same filters and sort.",
    )


class PageOf(View, Generic[Item]):
    """Base of the responses of lists. A subclass gives it a name in the contract."""

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Any], next_cursor: str | None) -> Self:
        return cls.model_validate({"items": page.items, "next_cursor": next_cursor})


class Pagination:
    """Reads and writes cursors. Each holds the end of a page and belongs to one list, sort and filter.

    Cursors are signed, because their content becomes part of a query.
    """

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response
        self._serializer = _serializer(dependencies_of(request).cursor_secret)

    def request(self, params: PageParams, *, sort: str) -> PageRequest:
        """Raises RequestValidationError for a cursor that was not made for these parameters."""
        after = None
        if params.cursor is not None:
            try:
                payload = self._serializer.loads(params.cursor)
            except BadData:
                payload = {}
            if payload.get("for") != self._fingerprint(params):
                raise RequestValidationError([_INVALID_CURSOR])
            after = KeysetPosition(key=payload["key"], id=payload["id"])
        return PageRequest(limit=params.limit, sort=sort, after=after)

    def next_cursor(self, page: Page[Any], params: PageParams) -> str | None:
        """Return the cursor of the next page, and send its link in a header (RFC 8288)."""
        if page.next_position is None:
            return None
        payload = {
            "for": self._fingerprint(params),
            "key": page.next_position.key,
            "id": str(page.next_position.id),
        }
        cursor = str(self._serializer.dumps(payload))
        query = urlencode({**self._request.query_params, "cursor": cursor})
        self._response.headers["Link"] = f'<{self._request.scope["path"]}?{query}>; rel="next"'
        return cursor

    def _fingerprint(self, params: PageParams) -> str:
        """Return a digest, because search words may be long."""
        filters = params.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        return sha256(json.dumps([self._request.scope["path"], filters]).encode()).hexdigest()


@cache
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="cursor", signer_kwargs={"digest_method": sha256})


_INVALID_CURSOR = {
    "type": "cursor_invalid",
    "loc": ("query", "cursor"),
    "msg": "Input should be the next_cursor of a page with the same filters and sort",
}


async def pagination(request: Request, response: Response) -> Pagination:
    """Return the pagination. Dependencies are coroutines: FastAPI runs everything else in a thread."""
    return Pagination(request, response)


PaginationDep = Annotated[Pagination, Depends(pagination)]
