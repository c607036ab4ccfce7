"""What surrounds every request: its id, log line and metrics, default headers, the last resort for errors."""

import re
from time import perf_counter
from uuid import uuid4

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.logging import get_logger
from app.presentation.http.dependencies import dependencies_of
from app.presentation.http.errors import internal_error
from app.presentation.http.proxies import prefix_of
from app.presentation.http.requests import HEAD_ONLY

REQUEST_ID = "X-Request-ID"
CLIENT_DISCONNECTED = 0
"""In place of a status: the client went before its request was complete, so there is nobody to answer."""
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

_log = get_logger()


class RequestContextMiddleware:
    """Pure ASGI, the outermost of ours.

    HEAD is answered as GET is, without the body (RFC 9110 §9.3.2). A request id is taken from the client
    only when it looks like one. Errors that nothing else handled are logged and become a 500 without
    details; once the answer has begun they are raised again, so that the server cuts the connection and the
    client sees that the body is incomplete. Locations are put below the prefix that a proxy took away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        method = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET", HEAD_ONLY: True}
        request_id = given if _ACCEPTABLE_ID.fullmatch(given) else uuid4().hex
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                if headers.get("Location", "").startswith("/"):
                    headers["Location"] = prefix_of(Request(scope)) + headers["Location"]
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        began = perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except ClientDisconnect:
                status = CLIENT_DISCONNECTED
            except Exception as error:
                _log.error("request failed", exc_info=error)
                if status:
                    raise
                await internal_error(Request(scope))(scope, receive, send_with_headers)
            finally:
                _report(scope, method=method, status=status, seconds=perf_counter() - began)


def _report(scope: Scope, *, method: str, status: int, seconds: float) -> None:
    """Count and log the request by its path's template: the path itself may hold what must not be logged."""
    route = getattr(scope.get("route"), "path", "unmatched")
    metrics = dependencies_of(Request(scope)).metrics
    metrics.count(method=method, route=route, status=status, seconds=seconds)
    _log.info("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))
