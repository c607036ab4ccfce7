"""Slow clients of a real server, which delay the head of a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
import uvicorn
from httpx import AsyncClient

from app.presentation import server

QUICK = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(
    _scope: object,
    _receive: Callable[[], Awaitable[object]],
    send: Callable[[dict[str, object]], Awaitable[None]],
) -> None:
    """Respond with one letter after a delay."""
    await asyncio.sleep(0.6)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body", "body": b"x"})


@pytest.fixture
async def _serving(port: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Run a server that waits half a second for the head of a request."""
    monkeypatch.setattr(server, "HEAD_TIMEOUT_SECONDS", 0.5)
    config = uvicorn.Config(
        application, port=port, log_config=None, lifespan="off", http=server.HeadTimeoutProtocol
    )
    running = uvicorn.Server(config)
    task = asyncio.create_task(running._serve())
    await listening(port)
    yield
    running.should_exit = True
    await task


async def listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


async def ends(connection: Connection) -> bytes:
    """Return everything that the server sends until it closes the connection, within three seconds."""
    async with asyncio.timeout(3):
        response = await connection[0].read()
    connection[1].close()
    with suppress(ConnectionError):
        await connection[1].wait_closed()
    return response


async def connect(port: int, *pieces: bytes) -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.1)
    return reader, writer


@pytest.mark.usefixtures("_serving")
@pytest.mark.parametrize("pieces", [[], [b"G"], [b"GET / HTTP/1.1\r\n", b"Host: te", b"st\r\nX: ", b"y"]])
async def test_closes_connection_when_request_head_does_not_arrive(port: int, pieces: list[bytes]) -> None:
    assert await ends(await connect(port, *pieces)) == b""


@pytest.mark.usefixtures("_serving")
async def test_closes_a_connection_when_the_next_head_trickles(port: int) -> None:
    reader, writer = await connect(port, QUICK)
    response = await reader.readuntil(b"\r\n\r\nx")
    writer.write(QUICK[:-2])

    assert response.startswith(b"HTTP/1.1 200")
    assert await ends((reader, writer)) == b""


@pytest.mark.usefixtures("_serving")
async def test_finishes_an_answer_when_the_next_head_waits_behind_it(port: int) -> None:
    """The response takes longer than a head may."""
    response = await ends(await connect(port, QUICK + QUICK[:-2]))

    assert response.startswith(b"HTTP/1.1 200")
    assert response.endswith(b"\r\n\r\nx")


@pytest.mark.usefixtures("_serving")
async def test_answers_others_meanwhile(port: int) -> None:
    slow = [await connect(port) for _ in range(100)]
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=2) as client:
        response = await client.get("/")

    assert response.text == "x"
    assert [await ends(connection) for connection in slow] == [b""] * len(slow)


@pytest.mark.usefixtures("_serving")
@pytest.mark.parametrize("first", [b"", QUICK])
async def test_closes_a_connection_when_a_head_is_too_long(port: int, first: bytes) -> None:
    connection = await connect(port, first + b"GET / HTTP/1.1\r\nX: ", b"x" * 65_537)

    response = await ends(connection)

    assert b"HTTP/1.1 400" in response
    assert response.endswith(b"The head of a request has at most 65536 bytes.")


@pytest.mark.usefixtures("_serving")
async def test_answers_when_a_long_body_comes_after_a_short_head(port: int) -> None:
    body = b"x" * 200_000
    head = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n"

    reader, writer = await connect(port, head, b"\r\n", body + QUICK)

    responses = [await reader.readuntil(b"\r\n\r\nx") for _ in range(2)]
    writer.close()
    assert [response[:12] for response in responses] == [b"HTTP/1.1 200"] * 2


def test_has_documented_limits_when_nothing_else_is_set() -> None:
    assert (server.HEAD_TIMEOUT_SECONDS, server.MAX_HEAD_BYTES) == (10, 65_536)
