"""Runs in the container: start `./noxw -s dev`, wait until it is ready, stop it as Ctrl-C does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from devtools.dev import is_ready
from devtools.postgres import PROJECT

COMMAND = ("./noxw", "-s", "dev")
PORT = 8000
READY_TIMEOUT = 180.0
STOP_TIMEOUT = 60.0
POLL_INTERVAL = 0.2


def main(command: Sequence[str] = COMMAND, port: int = PORT) -> int:
    """Return 0 if the product was ready and ended when it was interrupted, else 1. Raises TimeoutExpired."""
    started = time.monotonic()
    run = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)
    try:
        was_ready = wait_until_ready(run, port)
        print(f"ready: {was_ready}, after {time.monotonic() - started:.1f} s", flush=True)
    finally:
        interrupt(run)
    print(f"ended with exit code {run.returncode}", flush=True)
    return int(not was_ready or is_ready(port))


def wait_until_ready(run: subprocess.Popen[bytes], port: int) -> bool:
    """Return True when the API is ready, False when the process has ended or READY_TIMEOUT is over."""
    deadline = time.monotonic() + READY_TIMEOUT
    while run.poll() is None and time.monotonic() < deadline:
        if is_ready(port):
            return True
        time.sleep(POLL_INTERVAL)
    return False


def interrupt(run: subprocess.Popen[bytes]) -> None:
    """Send SIGINT to the process group, as a terminal does, and wait. Raises TimeoutExpired."""
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGINT)
        run.wait(STOP_TIMEOUT)


if __name__ == "__main__":
    sys.exit(main())
