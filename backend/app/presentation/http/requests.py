"""Requests, read strictly: nothing that two readers could take in two ways."""

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
"""A key of the ASGI scope: the request was a HEAD, which is answered as a GET without a body."""
MAX_BODY_BYTES = 1024 * 1024
BODY_TIMEOUT_SECONDS = 30.0
MAX_DEPTH = 20
MAX_ITEMS = 200
"""Of an array, an object, a query or a form. No request needs more, and every unknown one is named."""


class StrictRequest(Request):
    """`actor` is who asks, once that is known; `before_send` is called with a finished answer, before any of
    it is sent."""

    actor: Actor | None = None
    before_send: Callable[[Response], Awaitable[None]] | None = None

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Refuse at once what is announced as too long, then count what really arrives.

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
    """Raises RequestValidationError for more than MAX_ITEMS, and for `a=1&a=2`: of that two readers may see
    different halves."""
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
    """Raises HTTPException 415 (RFC 9110 §15.5.16), with what would be accepted."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if media_type not in accepted or encoding != "identity":
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        raise HTTPException(415, headers={name: ", ".join(sorted(accepted)), "Accept-Encoding": "identity"})


def parse_json(body: bytes) -> object:
    """Read one JSON text (RFC 8259), and only what every reader takes the same way (RFC 7493).

    Raises json.JSONDecodeError for duplicate keys, numbers that are not finite, text that is not
    UTF-8, nesting beyond MAX_DEPTH and arrays or objects beyond MAX_ITEMS.
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
    depth, level = 0, _containers([value])
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
