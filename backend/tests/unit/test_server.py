"""Signal handling of a server."""

import asyncio
import signal

import pytest
import uvicorn

from app.presentation.http.dependencies import ShutdownState
from app.presentation.server import Server


@pytest.fixture
def shutdown_state() -> ShutdownState:
    return ShutdownState()


def make_server(shutdown_state: ShutdownState, delay: float) -> Server:
    return Server(
        uvicorn.Config("app.main:create_served_app", log_config=None),
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
