"""The server process: its address, its timeouts and its shutdown."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.settings import Settings
from app.presentation.http.dependencies import ShutdownState

Application = Callable[..., Awaitable[None]]

HEAD_TIMEOUT_SECONDS = 10.0
MAX_HEAD_BYTES = 65_536


class HeadTimeoutProtocol(HttpToolsProtocol):
    """Closes connections whose request head takes longer than HEAD_TIMEOUT_SECONDS or exceeds MAX_HEAD_BYTES.

    uvicorn closes connections that idle after a response, but it waits forever for the first request and for
    the rest of a head: a few thousand such clients use up all file descriptors. It also buffers a head of any
    length, and parses all of it again for each new piece.
    """

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Count the bytes of one head. The first piece is small and does not count."""
        before = self._deadline
        super().data_received(data)
        waits = before is not None and self._deadline is before
        self._head_bytes = self._head_bytes + len(data) if waits else 0
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"The head of a request has at most {MAX_HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self._deadline or self.loop.call_later(HEAD_TIMEOUT_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Close the connection, unless a response is being sent: the next request may wait behind it."""
        self._deadline = None
        if getattr(self.cycle, "response_complete", True):
            self.transport.close()
        else:
            self._wait()


class Server(uvicorn.Server):
    """Drains on SIGTERM, after `delay` seconds in which it is not ready but still serves.

    The load balancer needs that time to see that the process is not ready. A second SIGTERM and Ctrl-C
    skip this delay. A Unix socket is removed at once: the proxy can connect to other processes only, and
    uses up its open connections, which a response closes meanwhile.
    """

    def __init__(self, config: uvicorn.Config, *, shutdown_state: ShutdownState, delay: float) -> None:
        super().__init__(config)
        self._shutdown_state = shutdown_state
        self._delay = delay

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        elif self._shutdown_state.draining:
            self._end()
        else:
            self._shutdown_state.draining = True
            if self.config.uds:
                Path(self.config.uds).unlink(missing_ok=True)
            loop = asyncio.get_running_loop()
            loop.call_soon_threadsafe(loop.call_later, self._delay, self._end)

    def _end(self) -> None:
        """Drain and return with exit code 0. uvicorn would raise the signal again at the end."""
        self.should_exit = True


@dataclass(frozen=True, kw_only=True)
class BindAddress:
    """The address of a server: host and port, a Unix socket, or the descriptor of an open socket.

    `root_path` is the prefix that a proxy removes from the paths.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    unix_socket: str | None = None
    descriptor: int | None = None
    root_path: str = ""


def serve(
    application: Application, settings: Settings, shutdown_state: ShutdownState, address: BindAddress
) -> None:
    """Run one server process until a signal ends it."""
    config = uvicorn.Config(
        application,
        host=address.host,
        port=address.port,
        uds=address.unix_socket,
        root_path=address.root_path.rstrip("/"),
        log_config=None,
        access_log=False,
        http=HeadTimeoutProtocol,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )
    sockets = None if address.descriptor is None else [socket.socket(fileno=address.descriptor)]
    with suppress(KeyboardInterrupt):
        Server(config, shutdown_state=shutdown_state, delay=settings.shutdown_delay).run(sockets)
