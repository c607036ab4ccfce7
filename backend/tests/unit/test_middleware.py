"""Middleware of requests passes all other ASGI scopes unchanged."""

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.presentation.http.middleware import RequestContextMiddleware
from app.presentation.http.proxies import ProxyMiddleware


async def receive() -> Message:
    return {"type": "lifespan.startup"}


async def send(_message: Message) -> None: ...


@pytest.mark.parametrize("wrap", [RequestContextMiddleware, lambda app: ProxyMiddleware(app, ["127.0.0.1"])])
async def test_passes_it_on_unchanged_when_it_is_not_a_request(wrap: type[RequestContextMiddleware]) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    wrapped: ASGIApp = wrap(app)
    await wrapped({"type": "lifespan"}, receive, send)

    assert seen == [{"type": "lifespan"}]
