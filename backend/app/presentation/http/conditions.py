"""Conditional requests (RFC 9110 §13). Entity tags are the version in quotes, always strong.

A tag identifies a version of the resource, not its bytes. Proxies that compress change it (nginx to `W/"1"`,
Apache to `"1-gzip"`), and clients send the changed tag. It still identifies the same version and is accepted,
also in `If-Match`, where §13.1.1 excludes weak tags: no update gets lost.
"""

import re
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Response

_TAG = re.compile(r'(?:W/)?"([^"]*?)(?:--?(?:gzip|br|zstd|deflate))?"')
_VERSION = re.compile(r"[1-9][0-9]{0,9}")


def etag(version: int | str) -> str:
    return f'"{version}"'


def parse_if_match(header: str) -> frozenset[int] | None:
    """Return the versions that the client has read; None for `*`, any version.

    Tags in another form than ours are ignored.
    """
    if header.strip() == "*":
        return None
    return frozenset(int(tag) for tag in _TAG.findall(header) if _VERSION.fullmatch(tag))


async def _expected_versions(
    if_match: Annotated[
        str | None,
        Header(description="The `ETag` of the version that you have read.", examples=['"1"']),
    ] = None,
) -> frozenset[int] | None:
    """Raises HTTPException 428 without the header (RFC 6585 §3).

    FastAPI would answer 422 for a required header, so `DocumentedFastAPI` declares it as required.
    """
    if if_match is None:
        raise HTTPException(428)
    return parse_if_match(if_match)


class EntityTag:
    """Sends the version of the resource in the headers of the response."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def set(self, version: int) -> None:
        """Set the headers of a response that FastAPI makes from a model."""
        self._response.headers.update(self.headers(version))

    def headers(self, version: int | str) -> dict[str, str]:
        """Return the headers for a handler that returns a Response."""
        return {"ETag": etag(version), "Cache-Control": "private, no-cache"}


class KnownEntityTag(EntityTag):
    """Also responds 304 to a client that has the current version."""

    def __init__(self, response: Response, if_none_match: str | None) -> None:
        super().__init__(response)
        self._if_none_match = (if_none_match or "").strip()

    def headers(self, version: int | str) -> dict[str, str]:
        """Raises HTTPException 304 when If-None-Match names this version, or any (`*`)."""
        headers = super().headers(version)
        if self._if_none_match == "*" or str(version) in _TAG.findall(self._if_none_match):
            raise HTTPException(304, headers=headers)
        return headers


async def entity_tag(response: Response) -> EntityTag:
    return EntityTag(response)


async def known_entity_tag(
    response: Response,
    if_none_match: Annotated[
        str | None, Header(description="The `ETag` that you have: 304 if it is still current.")
    ] = None,
) -> KnownEntityTag:
    return KnownEntityTag(response, if_none_match)


ExpectedVersions = Annotated[frozenset[int] | None, Depends(_expected_versions)]
EntityTagDep = Annotated[EntityTag, Depends(entity_tag)]
"""For handlers that change a resource: they do not read `If-None-Match`."""
KnownEntityTagDep = Annotated[KnownEntityTag, Depends(known_entity_tag)]
"""For handlers that read a resource."""
