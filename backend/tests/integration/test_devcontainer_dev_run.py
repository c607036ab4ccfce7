"""The program that the proof of the container runs in it."""

import sys
import textwrap

import pytest

from devtools.devcontainer import dev_run

SERVER = textwrap.dedent(
    """
    import sys
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/health/ready" else 404)
            self.end_headers()

    HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
    """
)


def test_returns_0_when_the_product_gets_ready(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert dev_run.main((sys.executable, "-c", SERVER, str(port)), port) == 0
    assert capfd.readouterr().out.startswith("ready: True, after ")


def test_returns_1_when_the_product_ends(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert dev_run.main((sys.executable, "-c", "raise SystemExit(7)"), port) == 1
    output = capfd.readouterr().out
    assert output.startswith("ready: False, after ")
    assert output.endswith("ended with exit code 7\n")
