"""`serve` on a Unix socket, below a prefix, and with several processes."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psutil
import pytest
from httpx import AsyncClient, AsyncHTTPTransport, ConnectError

from app.presentation import workers
from app.presentation.server import BindAddress
from tests.plugins.database import BACKEND
from tests.support.http import API

Serve = Callable[..., Awaitable[Process]]


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path, because that of a Unix socket has at most 107 bytes."""
    return tmp_path_factory.mktemp("s") / "s"


@pytest.fixture
async def client(path: Path) -> AsyncIterator[AsyncClient]:
    transport = AsyncHTTPTransport(uds=str(path))
    async with AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        yield client


@pytest.fixture
async def serve(fresh_database_url: str, path: Path, client: AsyncClient) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(*options: str) -> Process:
            environment = os.environ | {"DATABASE_URL": fresh_database_url, "PAU2_SHUTDOWN_DELAY": "0"}
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app", "serve", "--unix-socket", str(path), *options),
                cwd=BACKEND,
                env=environment,
                stderr=asyncio.subprocess.DEVNULL,
            )
            stack.push_async_callback(_end, process)
            async with asyncio.timeout(60):
                while True:
                    with suppress(ConnectError):
                        assert (await client.get("/health/live")).status_code == 200
                        return process
                    await asyncio.sleep(0.05)

        yield start


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        await process.wait()


async def test_is_below_the_prefix_that_the_proxy_takes_away_when_told(
    serve: Serve, client: AsyncClient
) -> None:
    await serve("--root-path", "/pau")

    page = await client.get("/docs")
    contract = await client.get("/openapi.json")
    problem = await client.get(f"{API}/nothing")

    assert "/pau/docs/assets/swagger-ui.css" in page.text
    assert (await client.get("/docs/assets/swagger-ui.css")).status_code == 200
    assert contract.json()["servers"] == [{"url": "/pau"}]
    assert problem.json()["instance"] == "/pau/api/v1/nothing"


Supervise = Callable[[BindAddress], Awaitable[asyncio.Task[None]]]


@pytest.fixture
async def supervise(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervise]:
    """Start two server processes on an address."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("PAU2_SHUTDOWN_DELAY", "0")
    monkeypatch.chdir(BACKEND)
    async with AsyncExitStack() as stack:

        async def start(place: BindAddress) -> asyncio.Task[None]:
            supervisor = asyncio.create_task(workers.supervise(2, place))
            stack.push_async_callback(_stop, supervisor)
            async with asyncio.timeout(60):
                while len(processes()) < 2:
                    assert not supervisor.done()
                    await asyncio.sleep(0.05)
            return supervisor

        yield start


async def _stop(supervisor: asyncio.Task[None]) -> None:
    if not supervisor.done():
        os.kill(os.getpid(), signal.SIGTERM)
        await supervisor


def processes() -> list[psutil.Process]:
    """Return the server processes. Children of other tests may have ended without being awaited."""
    running = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in running if "--descriptor" in each.cmdline()]


async def test_serves_from_all_processes_and_ends_with_them_when_told(
    supervise: Supervise, client: AsyncClient, path: Path
) -> None:
    supervisor = await supervise(BindAddress(unix_socket=str(path), root_path="/pau"))
    started = processes()

    contract = await client.get("/openapi.json")
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(60):
        await supervisor

    assert contract.json()["servers"] == [{"url": "/pau"}]
    assert not any(process.is_running() for process in started)


async def test_ends_with_an_error_when_one_of_the_processes_is_killed(
    supervise: Supervise, port: int
) -> None:
    """The supervisor then restarts it, as with one process."""
    supervisor = await supervise(BindAddress(port=port))
    started = processes()
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        assert (await client.get("/health/live")).status_code == 200

        started[0].kill()

        async with asyncio.timeout(60):
            with pytest.raises(workers.WorkersError):
                await supervisor
        assert not any(process.is_running() for process in started)
        with pytest.raises(ConnectError):
            await client.get("/health/live")


def test_ends_with_an_error_when_no_process_can_start(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAU2_LOG_LEVEL", "LOUD")
    monkeypatch.chdir(BACKEND)

    with pytest.raises(workers.WorkersError, match="A server process ended unexpectedly"):
        workers.serve_with_workers(2, BindAddress(port=port))

    assert processes() == []
