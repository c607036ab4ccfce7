"""Conditional requests (RFC 9110 §13): entity tags are the version in quotes, always strong.

A tag names a version of the resource, not bytes. Proxies that compress change it (nginx to `W/"1"`, Apache to
`"1-gzip"`), and clients send what they got. Such tags name the same version, so they are taken for it, in
`If-Match` too, where §13.1.1 would let no weak tag match: no update gets lost by that.
"""

import re
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Response

_TAG = re.compile(r'(?:W/)?"([^"]*?)(?:--?(?:gzip|br|zstd|deflate))?"')
_VERSION = re.compile(r"[1-9][0-9]{0,9}")


def etag(version: int | str) -> str:
    return f'"{version}"'


def parse_if_match(header: str) -> frozenset[int] | None:
    """Return the versions that the client has seen; None for `*`, any version.

    Tags that we never made count for nothing.
    """
    if header.strip() == "*":
        return None
    return frozenset(int(tag) for tag in _TAG.findall(header) if _VERSION.fullmatch(tag))


async def _seen_versions(
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
    """Tells the client which version it gets."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def set(self, version: int) -> None:
        """Set the headers of an answer that FastAPI makes from a model."""
        self._response.headers.update(self.headers(version))

    def headers(self, version: int | str) -> dict[str, str]:
        """Return what `set` sets, for an answer that is a Response of its own."""
        return {"ETag": etag(version), "Cache-Control": "private, no-cache"}


class KnownEntityTag(EntityTag):
    """Tells the client also that it has that version already."""

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


SeenVersions = Annotated[frozenset[int] | None, Depends(_seen_versions)]
EntityTagDep = Annotated[EntityTag, Depends(entity_tag)]
"""For what changes a resource: `If-None-Match` does nothing there."""
KnownEntityTagDep = Annotated[KnownEntityTag, Depends(known_entity_tag)]
"""For what reads one."""
