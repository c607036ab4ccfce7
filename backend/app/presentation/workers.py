"""Several server processes at one socket."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from pathlib import Path

from app.presentation.server import Place

BACKLOG = 2048


class WorkersError(Exception):
    """A server process ended without being told to. The message is for the operator."""


def serve_with_workers(count: int, place: Place) -> None:
    """Run so many `serve` until SIGINT or SIGTERM, which each of them gets.

    Raises WorkersError when one ends by itself, after the others have ended: whoever supervises this process
    starts it again.
    """
    with _listening(place) as listener:
        asyncio.run(_supervise(count, place, listener))


def _listening(place: Place) -> socket.socket:
    if place.unix_socket is None:
        family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
        return socket.create_server((place.host, place.port), family=family, backlog=BACKLOG)
    Path(place.unix_socket).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place.unix_socket)
    Path(place.unix_socket).chmod(0o666)  # as uvicorn does: the folder says who may connect
    listener.listen(BACKLOG)
    return listener


async def _supervise(count: int, place: Place, listener: socket.socket) -> None:
    command = (sys.executable, "-m", "app", "serve", "--descriptor", str(listener.fileno()))
    options = ("--root-path", place.root_path)
    workers = [
        await asyncio.create_subprocess_exec(*command, *options, pass_fds=[listener.fileno()])
        for _ in range(count)
    ]
    told = asyncio.Event()

    def tell(number: signal.Signals) -> None:
        told.set()
        for worker in workers:
            _send(worker, number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell, number)
    ends = [asyncio.create_task(worker.wait()) for worker in workers]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if not told.is_set():
        tell(signal.SIGTERM)
        await asyncio.wait(ends)
        raise WorkersError("A server process has ended by itself, see above.")
    await asyncio.wait(ends)


def _send(worker: Process, number: signal.Signals) -> None:
    if worker.returncode is None:
        os.kill(worker.pid, number)
