"""`python -m app.presentation.health [SOCKET]`: the health check of containers.

It does not import the application, because it runs every few seconds.
"""

import socket
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

PORT = 8000
TIMEOUT_SECONDS = 2.0


def is_ready(unix_socket: str | None = None, *, port: int = PORT) -> bool:
    """Ask `/health/ready` at a Unix socket, or at a port of this machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        if unix_socket is not None:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(TIMEOUT_SECONDS)
            connection.sock.connect(unix_socket)
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_ready(*sys.argv[1:2]))
