"""The development server as `./noxw -s dev` starts it, with its own database and mail folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devtools import dev
from devtools.postgres import PROJECT

DEAD_PROXY = "http://127.0.0.1:9"
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def launch(fresh_database_url: str, fresh_migration_url: str, port: int, tmp_path: Path) -> Iterator[Start]:
    """Start `devtools.dev` on the database of the test, and end it after the test."""
    runs: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {
        "DATABASE_URL": fresh_database_url,
        "PAU2_MIGRATION_DATABASE_URL": fresh_migration_url,
        "PAU2_MAIL_FOLDER": str(tmp_path / "mail"),
        "http_proxy": DEAD_PROXY,
    }

    def launch_only() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "devtools.dev", "--port", str(port)]
        with log_of(tmp_path).open("wb") as output:  # unlike a pipe, a file never blocks its writer
            run = subprocess.Popen(
                command, cwd=dev.BACKEND, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        runs.append(run)
        return run

    yield launch_only
    for run in runs:
        dev.terminate([psutil.Process(run.pid)] if psutil.pid_exists(run.pid) else [])
        run.wait()
    dev.terminate_leftovers(state_of(port))
    state_of(port).unlink(missing_ok=True)


@pytest.fixture
def start(launch: Start, tmp_path: Path) -> Start:
    """Start `devtools.dev`, and wait for its banner."""
    log = log_of(tmp_path)

    def launch_and_wait() -> subprocess.Popen[bytes]:
        run = launch()
        while run.poll() is None:
            if b"PAU 2 runs" in log.read_bytes():
                return run
            time.sleep(0.05)
        raise AssertionError(f"the product did not start:\n{log.read_text(encoding='utf-8')}")

    return launch_and_wait


def log_of(folder: Path) -> Path:
    """Return the log of the last start."""
    return folder / "product.log"


def state_of(port: int) -> Path:
    return PROJECT / ".postgres" / f"dev-{port}.json"
