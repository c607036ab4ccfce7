"""Conditional requests (RFC 9110 §13): entity tags are the version in quotes, always strong."""

import re
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request, Response

_TAG = re.compile(r'(W/)?"([^"]*)"')
_VERSION = re.compile(r"[1-9][0-9]{0,9}")


def etag(version: int | str) -> str:
    return f'"{version}"'


def parse_if_match(header: str) -> frozenset[int] | None:
    """Return the versions that the client has seen; None for `*`, any version.

    The comparison is strong (§13.1.1), so weak tags count for nothing, as do tags we never made.
    """
    if header.strip() == "*":
        return None
    tags = _TAG.findall(header)
    return frozenset(int(tag) for weak, tag in tags if not weak and _VERSION.fullmatch(tag))


async def _seen_versions(
    if_match: Annotated[
        str | None,
        Header(description="The `ETag` of the version that you have read.", examples=['"1"']),
    ] = None,
) -> frozenset[int] | None:
    if if_match is None:
        raise HTTPException(428)
    return parse_if_match(if_match)


class EntityTag:
    """Tells the client which version it gets, or that it has that one already."""

    def __init__(self, request: Request, response: Response, if_none_match: str | None) -> None:
        self._method = request.method
        self._response = response
        self._if_none_match = (if_none_match or "").strip()

    def send(self, version: int) -> None:
        """Set ETag. Raises HTTPException 304 when a GET's If-None-Match names this version, or any (`*`)."""
        self._response.headers.update(self.headers(version))

    def headers(self, version: int | str) -> dict[str, str]:
        """Return what `send` sets, for an answer that is a Response of its own."""
        headers = {"ETag": etag(version), "Cache-Control": "private, no-cache"}
        if self._method == "GET" and self._is_known(str(version)):
            raise HTTPException(304, headers=headers)
        return headers

    def _is_known(self, version: str) -> bool:
        """The comparison is weak (§13.1.2)."""
        tags = [tag for _, tag in _TAG.findall(self._if_none_match)]
        return self._if_none_match == "*" or version in tags


async def _entity_tag(
    request: Request,
    response: Response,
    if_none_match: Annotated[
        str | None, Header(description="The `ETag` that you have: 304 if it is still current.")
    ] = None,
) -> EntityTag:
    return EntityTag(request, response, if_none_match)


SeenVersions = Annotated[frozenset[int] | None, Depends(_seen_versions)]
EntityTagDep = Annotated[EntityTag, Depends(_entity_tag)]
