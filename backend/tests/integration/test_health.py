"""The health check of containers, over real sockets."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from app.presentation.health import is_ready
from tests.plugins.database import BACKEND

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
UNREADY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
Serve = Callable[[bytes], str]


@contextmanager
def answering(listener: socket.socket, response: bytes) -> Iterator[None]:
    """Send this response to the first connection."""

    def answer_one() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(response)

    with listener:
        listener.listen()
        thread = Thread(target=answer_one)
        thread.start()
        yield
        thread.join(10)


@pytest.mark.parametrize(
    ("response", "ready"), [(READY, True), (UNREADY, False), (b"", False), (b"x", False)]
)
def test_tells_what_the_service_at_a_port_says(response: bytes, ready: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    with answering(listener, response):
        assert is_ready(port=port) is ready


def test_is_not_ready_when_nobody_listens(port: int, tmp_path: Path) -> None:
    assert not is_ready(port=port)
    assert not is_ready(str(tmp_path / "api.sock"))


@pytest.mark.parametrize(("response", "status"), [(READY, 0), (UNREADY, 1)])
def test_ends_with_the_status_when_run_on_a_unix_socket(tmp_path: Path, response: bytes, status: int) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "api.sock"))
    command = [sys.executable, "-m", "app.presentation.health", str(tmp_path / "api.sock")]

    with answering(listener, response):
        assert subprocess.run(command, cwd=BACKEND, check=False).returncode == status
