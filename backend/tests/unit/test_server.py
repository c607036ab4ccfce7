"""How a server takes signals."""

import asyncio
import signal

import pytest
import uvicorn

from app.presentation.http.dependencies import Departure
from app.presentation.server import Server


@pytest.fixture
def departure() -> Departure:
    return Departure()


def make_server(departure: Departure, notice: float) -> Server:
    return Server(uvicorn.Config("app.main:served_app", log_config=None), departure=departure, notice=notice)


async def test_goes_on_for_the_notice_when_told_to_end(departure: Departure) -> None:
    server = make_server(departure, notice=0)

    server.handle_exit(signal.SIGTERM, None)

    assert departure.is_announced
    assert not server.should_exit
    for _ in range(3):
        await asyncio.sleep(0)
    assert server.should_exit


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
async def test_ends_at_once_when_interrupted_or_told_twice(
    signals: list[signal.Signals], departure: Departure
) -> None:
    server = make_server(departure, notice=60)

    for number in signals:
        server.handle_exit(number, None)

    assert server.should_exit
