"""The server process, and how it leaves."""

import asyncio
import signal
from types import FrameType

import uvicorn

from app.presentation.http.dependencies import Departure


class Server(uvicorn.Server):
    """On SIGTERM it first says that it is not ready, and goes on serving for `notice` seconds: whoever
    balances the load has to see that before connections are refused. Then it drains.

    A second SIGTERM, and Ctrl-C, drain at once.
    """

    def __init__(self, config: uvicorn.Config, *, departure: Departure, notice: float) -> None:
        super().__init__(config)
        self._departure = departure
        self._notice = notice

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM or self._departure.is_announced:
            super().handle_exit(sig, frame)
            return
        self._departure.is_announced = True
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, self._notice, super().handle_exit, sig, frame)
