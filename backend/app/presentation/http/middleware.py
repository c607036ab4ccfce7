"""The outermost middleware: request ids, log lines, metrics, default headers and unexpected errors."""

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
"""The status in the log if the client disconnected before its request was complete."""
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

_log = get_logger()


class RequestContextMiddleware:
    """Gives each request its id, log line and metrics.

    The response to HEAD is that to GET without the body (RFC 9110 §9.3.2). The request id is the client's if
    that is well-formed. Unexpected errors are logged and become a 500 without details; after the response has
    started they are raised again, so that the server closes the connection and the client notices the
    incomplete body. `Location` gets the prefix that a proxy removed. A process that is shutting down closes
    the connection after the response, so that a proxy does not send another request at the moment of its end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent_id = Headers(scope=scope).get(REQUEST_ID, "")
        method = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET", HEAD_ONLY: True}
        request_id = sent_id if _ACCEPTABLE_ID.fullmatch(sent_id) else uuid4().hex
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _set_headers(MutableHeaders(scope=message), Request(scope), request_id)
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        started = perf_counter()
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
                _report(scope, method=method, status=status, seconds=perf_counter() - started)


def _set_headers(headers: MutableHeaders, request: Request, request_id: str) -> None:
    headers[REQUEST_ID] = request_id
    if headers.get("Location", "").startswith("/"):
        headers["Location"] = prefix_of(request) + headers["Location"]
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if dependencies_of(request).shutdown_state.draining:
        headers["Connection"] = "close"


def _report(scope: Scope, *, method: str, status: int, seconds: float) -> None:
    """Count and log the request by the template of its path: the path itself may contain secrets."""
    route = getattr(scope.get("route"), "path", "unmatched")
    metrics = dependencies_of(Request(scope)).metrics
    metrics.count(method=method, route=route, status=status, seconds=seconds)
    _log.info("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))
