"""Forwarded headers of trusted proxies: the client's address, the scheme and the path prefix."""

import re
from time import monotonic
from typing import Any, cast

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.core.logging import get_logger

FORWARDED_FOR = b"x-forwarded-for"
FORWARDED_PREFIX = b"x-forwarded-prefix"
WARNING_INTERVAL_SECONDS = 3600
LOOPBACK = ("127.0.0.1", 0)
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){1,8}")

_log = get_logger()


class ProxyMiddleware:
    """Applies `X-Forwarded-For`, `-Proto` and `-Prefix` if they come from a declared proxy.

    All clients of a proxy that is not declared count as one, so the log gets a warning once an hour. A peer
    on a Unix socket counts as the loopback address.
    """

    def __init__(self, app: ASGIApp, trusted_hosts: list[str]) -> None:
        wrapped: Any = ProxyHeadersMiddleware(cast("Any", app), trusted_hosts)
        self._app: ASGIApp = wrapped
        self._trusted_hosts = wrapped.trusted_hosts
        self._warned_at: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = scope.get("client") or LOOPBACK
            headers = dict(scope["headers"])
            if scope["client"][0] in self._trusted_hosts:
                _apply_prefix(scope, headers.get(FORWARDED_PREFIX, b"").decode("latin-1").rstrip("/"))
            elif FORWARDED_FOR in headers:
                self._warn()
        await self._app(scope, receive, send)

    def _warn(self) -> None:
        now = monotonic()
        if self._warned_at is None or now - self._warned_at > WARNING_INTERVAL_SECONDS:
            self._warned_at = now
            _log.warning(
                "X-Forwarded-For comes from a peer that PAU2_TRUSTED_PROXIES does not list, so all its "
                "clients count as one. If it is your proxy, add it to PAU2_TRUSTED_PROXIES."
            )


def prefix_of(request: Request) -> str:
    """Return the path prefix of the application as clients see it; "" without a prefix."""
    return str(request.scope.get("app_root_path", request.scope.get("root_path", "")))


def _apply_prefix(scope: Scope, prefix: str) -> None:
    """Set `root_path` (ASGI) to the prefix that the proxy removed, unless `serve --root-path` set it."""
    if _PREFIX.fullmatch(prefix) and not scope.get("root_path"):
        scope["root_path"] = prefix
        scope["path"] = prefix + scope["path"]
        scope["raw_path"] = prefix.encode("ascii") + scope.get("raw_path", b"")
