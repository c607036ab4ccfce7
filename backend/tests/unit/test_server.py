"""Signal handling of a server."""

import asyncio
import signal
from pathlib import Path

import pytest
import uvicorn

from app.presentation.http.dependencies import ShutdownState
from app.presentation.server import Server


@pytest.fixture
def shutdown_state() -> ShutdownState:
    return ShutdownState()


def make_server(shutdown_state: ShutdownState, delay: float, unix_socket: str | None = None) -> Server:
    return Server(
        uvicorn.Config("app.main:create_served_app", log_config=None, uds=unix_socket),
        shutdown_state=shutdown_state,
        delay=delay,
    )


async def test_serves_for_the_delay_when_sigterm_comes(shutdown_state: ShutdownState) -> None:
    server = make_server(shutdown_state, delay=0)

    server.handle_exit(signal.SIGTERM, None)

    assert shutdown_state.draining
    assert not server.should_exit
    for _ in range(3):
        await asyncio.sleep(0)
    assert server.should_exit


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
async def test_ends_at_once_when_interrupted_or_told_twice(
    signals: list[signal.Signals], shutdown_state: ShutdownState
) -> None:
    server = make_server(shutdown_state, delay=60)

    for number in signals:
        server.handle_exit(number, None)

    assert server.should_exit


async def test_removes_unix_socket_when_sigterm_comes(shutdown_state: ShutdownState, tmp_path: Path) -> None:
    """A proxy that finds no socket sends the request to another process."""
    path = tmp_path / "api.sock"
    path.touch()
    server = make_server(shutdown_state, delay=60, unix_socket=str(path))

    server.handle_exit(signal.SIGTERM, None)

    assert not path.exists()
    assert not server.should_exit
