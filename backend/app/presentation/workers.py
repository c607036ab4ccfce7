"""Several server processes on one socket."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from pathlib import Path

from app.presentation.server import BindAddress

BACKLOG = 2048
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class WorkersError(Exception):
    """A server process ended unexpectedly. The message is for the operator."""


def serve_with_workers(count: int, address: BindAddress) -> None:
    """Supervise server processes. Raises WorkersError."""
    asyncio.run(supervise(count, address))


async def supervise(count: int, address: BindAddress) -> None:
    """Run that many `serve` processes until SIGINT or SIGTERM, and forward the signal to each.

    When one ends unexpectedly, it ends the others and raises WorkersError, so that the service manager
    restarts all of them.
    """
    with _listening(address) as listener:
        workers = [await _start(address, listener.fileno()) for _ in range(count)]
    stopping = asyncio.Event()

    def forward(number: signal.Signals) -> None:
        stopping.set()
        for worker in workers:
            _send(worker, number)

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, forward, number)
    exits = [asyncio.create_task(worker.wait()) for worker in workers]
    await asyncio.wait(exits, return_when=asyncio.FIRST_COMPLETED)
    ended_unexpectedly = not stopping.is_set()
    if ended_unexpectedly:
        forward(signal.SIGTERM)
    await asyncio.wait(exits)
    for number in SIGNALS:
        loop.remove_signal_handler(number)
    if ended_unexpectedly:
        raise WorkersError("A server process ended unexpectedly. See the lines above.")


def _listening(address: BindAddress) -> socket.socket:
    if address.unix_socket is None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    Path(address.unix_socket).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address.unix_socket)
    Path(address.unix_socket).chmod(0o666)  # as uvicorn does: the permissions of the folder decide
    listener.listen(BACKLOG)
    return listener


async def _start(address: BindAddress, descriptor: int) -> Process:
    command = [sys.executable, "-m", "app", "serve"]
    command += ["--descriptor", str(descriptor), "--root-path", address.root_path]
    return await asyncio.create_subprocess_exec(*command, pass_fds=[descriptor])


def _send(worker: Process, number: signal.Signals) -> None:
    if worker.returncode is None:
        os.kill(worker.pid, number)
