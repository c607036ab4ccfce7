"""Shutdown of a real server process: it announces the end, serves on, drains, and exits in time."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from httpx import AsyncClient, ConnectError

from app.core.settings import Settings
from tests.support.http import NEWS

BACKEND = Path(__file__).resolve().parents[2]
BODY = b'{"email": "nobody@pau2.example"}'
HEAD = (
    "POST /api/v1/auth/email/resend HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
).encode()

Serve = Callable[[float, int], Awaitable[Process]]


@pytest.fixture
async def client(port: int) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


@pytest.fixture
async def serve(fresh_database_url: str, port: int, client: AsyncClient) -> AsyncIterator[Serve]:
    """Start a server with this shutdown delay and timeout, in seconds."""
    async with AsyncExitStack() as stack:

        async def start(delay: float, grace: int) -> Process:
            environment = os.environ | {
                "DATABASE_URL": fresh_database_url,
                "PAU2_SHUTDOWN_DELAY": str(delay),
                "PAU2_SHUTDOWN_TIMEOUT": str(grace),
            }
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app", "serve", "--port", str(port)),
                cwd=BACKEND,
                env=environment,
                stderr=asyncio.subprocess.DEVNULL,
            )
            stack.push_async_callback(_end, process)
            await answers(client)
            return process

        yield start


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def answers(client: AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(ConnectError):
                assert (await client.get("/health/ready", headers={"Connection": "close"})).status_code == 200
                return
            await asyncio.sleep(0.05)


async def refuses(port: int) -> None:
    """Wait until connections are refused."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(0.05)


async def begun(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request without its last byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD + BODY[:-1])
    await writer.drain()
    return reader, writer


async def test_says_so_serves_on_and_drains_when_told_to_end(
    serve: Serve, client: AsyncClient, port: int
) -> None:
    server = await serve(1.5, 20)
    reader, writer = await begun(port)

    server.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.2)
    responses = [await client.get(path) for path in ("/health/ready", "/health/live", NEWS)]

    assert [response.status_code for response in responses] == [503, 200, 200]
    assert {response.headers["Connection"] for response in responses} == {"close"}
    await refuses(port)
    assert server.returncode is None
    writer.write(BODY[-1:])
    assert (await reader.readline()).split()[1] == b"202"
    writer.close()
    async with asyncio.timeout(10):
        assert await server.wait() == 0


@pytest.mark.parametrize(("signals", "delay"), [([signal.SIGTERM], 0.1), ([signal.SIGTERM] * 2, 60)])
async def test_is_gone_in_time_when_a_request_does_not_end(
    *, signals: list[signal.Signals], delay: float, serve: Serve, port: int
) -> None:
    """A second signal ends it immediately."""
    server = await serve(delay, 1)
    reader, writer = await begun(port)

    for number in signals:
        server.send_signal(number)
        await asyncio.sleep(0.2)

    async with asyncio.timeout(10):
        assert await server.wait() == 0
        assert b" 202 " not in await reader.read()
    writer.close()


def test_is_gone_within_half_a_minute_when_nothing_else_is_set() -> None:
    settings = Settings()

    assert settings.shutdown_delay + settings.shutdown_timeout <= 25
