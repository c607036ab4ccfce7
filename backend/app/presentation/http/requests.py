"""Strict reading of requests: input that two readers could interpret differently is refused."""

import asyncio
import json
import math
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import chain
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import ImmutableMultiDict

from app.application.access import Actor

HEAD_ONLY = "pau2.head_only"
"""A key of the ASGI scope: the request was a HEAD and runs as a GET."""
MAX_BODY_BYTES = 1024 * 1024
BODY_TIMEOUT_SECONDS = 30.0
MAX_DEPTH = 20
MAX_ITEMS = 200
"""The maximum of items in an array, object, query or form.

Errors list each unknown name, so it must be limited.
"""


class StrictRequest(Request):
    """A request with its actor, set by authentication, and two hooks.

    `before_send` is called with the complete response before any of it is sent, and `release` after that, or
    after an error.
    """

    actor: Actor | None = None
    before_send: Callable[[Response], Awaitable[None]] | None = None
    release: Callable[[], Awaitable[None]] | None = None

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Refuse a body whose announced or actual length is too large.

        Raises HTTPException 413 (RFC 9110 §15.5.14).
        """
        announced = self.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
            raise HTTPException(413)
        received = 0
        async for chunk in super().stream():
            received += len(chunk)
            if received > MAX_BODY_BYTES:
                raise HTTPException(413)
            yield chunk

    async def body(self) -> bytes:
        """Wait BODY_TIMEOUT_SECONDS for all of it. Raises HTTPException 408 (RFC 9110 §15.5.9)."""
        try:
            return await asyncio.wait_for(super().body(), BODY_TIMEOUT_SECONDS)
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None

    async def json(self) -> object:
        return parse_json(await self.body())


def check_parameters(part: str, parameters: ImmutableMultiDict[str, Any]) -> None:
    """Raises RequestValidationError for more than MAX_ITEMS parameters and for repeated ones (`a=1&a=2`)."""
    counts = Counter(name for name, _ in parameters.multi_items())
    if counts.total() > MAX_ITEMS:
        raise RequestValidationError(
            [{"type": "too_many", "loc": (part,), "msg": f"Give at most {MAX_ITEMS} parameters"}]
        )
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if repeated:
        raise RequestValidationError(
            [
                {"type": "repeated", "loc": (part, name), "msg": "Give this parameter once"}
                for name in repeated
            ]
        )


def require_content_type(request: Request, accepted: frozenset[str]) -> None:
    """Raises HTTPException 415 with the accepted media types in a header (RFC 9110 §15.5.16)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if media_type not in accepted or encoding != "identity":
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        raise HTTPException(415, headers={name: ", ".join(sorted(accepted)), "Accept-Encoding": "identity"})


def parse_json(body: bytes) -> object:
    """Parse one JSON text (RFC 8259) that every reader interprets in the same way (RFC 7493).

    Raises json.JSONDecodeError for duplicate keys, infinite numbers, text that is not UTF-8, nesting beyond
    MAX_DEPTH, and arrays or objects with more than MAX_ITEMS items.
    """
    try:
        value: object = json.loads(
            body.decode(),
            object_pairs_hook=_parse_object,
            parse_float=_parse_finite,
            parse_constant=_parse_finite,
        )
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("Nested too deeply", "", 0) from None
    except ValueError:
        raise json.JSONDecodeError("Not a valid text or number", "", 0) from None
    _require_small(value)
    return value


def _parse_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise json.JSONDecodeError("Duplicate key", "", 0)
    return found


def _parse_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise json.JSONDecodeError("Number out of range", "", 0)
    return number


def _require_small(value: object) -> None:
    depth = 0
    level = _containers([value])
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise json.JSONDecodeError("Nested too deeply", "", 0)
        if any(len(each) > MAX_ITEMS for each in level):
            raise json.JSONDecodeError("Too many items", "", 0)
        inside = [each.values() if isinstance(each, dict) else each for each in level]
        level = _containers(chain.from_iterable(inside))


def _containers(values: Iterable[object]) -> list[list[Any] | dict[str, Any]]:
    return [value for value in values if isinstance(value, list | dict)]
