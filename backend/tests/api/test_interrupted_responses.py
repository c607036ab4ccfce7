"""An error after the start of a response: the server has to close the connection."""

import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from app.presentation.http.middleware import RequestContextMiddleware

CANARY = "canary-5d21"


async def test_raises_the_error_when_the_response_has_started(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Message] = []

    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(CANARY)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "app": app}
    with pytest.raises(RuntimeError, match=CANARY):
        await RequestContextMiddleware(broken)(scope, receive, send)

    assert [(message["type"], message["status"]) for message in sent] == [("http.response.start", 200)]
    assert "request failed" in caplog.text
    assert CANARY not in caplog.text
