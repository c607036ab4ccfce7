"""Servers under test, each on a port of 127.0.0.1."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.load import request

BACKEND = Path(__file__).resolve().parents[1]
LOGS = BACKEND.parent / "reports/bench"
READY_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
POLL_INTERVAL = 0.05


class ServerDidNotStartError(Exception):
    """A server under test ended, or did not respond in time."""


@dataclass(frozen=True)
class Server:
    """A running server and its process."""

    name: str
    port: int
    process: psutil.Process

    def memory(self) -> int:
        """Return the resident memory of the server's processes in bytes."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes)


@contextmanager
def application(environment: Mapping[str, str], *, processes: int = 1) -> Iterator[Server]:
    """Serve the whole application as in production."""
    command = ["-m", "app", "serve"]
    if processes > 1:
        command += ["--workers", str(processes)]
    with _serving("application", command, environment, cores=processes) as server:
        yield server


@contextmanager
def baseline_server(module: str, environment: Mapping[str, str], *, processes: int = 1) -> Iterator[Server]:
    """Serve a module of `benchmarks.baselines` with the application's own server and options."""
    command = ["-m", "uvicorn", f"benchmarks.baselines.{module}:app", "--workers", str(processes)]
    command += ["--no-access-log", "--log-level", "warning", "--no-server-header", "--no-proxy-headers"]
    with _serving(module, command, environment, cores=processes) as server:
        yield server


@contextmanager
def _serving(
    name: str, command: list[str], environment: Mapping[str, str], *, cores: int
) -> Iterator[Server]:
    port = _free_port()
    log = LOGS / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = psutil.Popen(
            [sys.executable, *command, "--port", str(port)],
            cwd=BACKEND,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process.cpu_affinity(psutil.Process().cpu_affinity()[:cores])
        _wait_until_ready(name, port, process)
        yield Server(name, port, process)
    finally:
        _end(process)


def _wait_until_ready(name: str, port: int, process: psutil.Popen) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerDidNotStartError(
                f"the server {name} ended with exit code {process.returncode}; see {LOGS}"
            )
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
                probe.sendall(request("GET", "/health/live"))
                if probe.recv(12).endswith((b"200", b"404")):
                    return
        except OSError:
            time.sleep(POLL_INTERVAL)
    raise ServerDidNotStartError(f"{name} did not respond within {READY_TIMEOUT:.0f} s; see {LOGS}")


def _end(process: psutil.Popen) -> None:
    processes: list[psutil.Process] = [process]
    if process.is_running():
        processes += process.children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(processes, timeout=STOP_TIMEOUT)
    for survivor in alive:
        survivor.kill()
    psutil.wait_procs(alive)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
