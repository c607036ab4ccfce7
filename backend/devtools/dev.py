"""The development run: PostgreSQL, migrations, demo data, worker, and the API with reload.

It ends with the process that started it, and its children end with it. `.postgres/dev-PORT.json` records
these processes, the starter first. The next run on the same port terminates the children of a killed run;
it does not touch a run whose starter is alive.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from devtools.errors import PostgresUnavailableError
from devtools.postgres import PROJECT, development_variables
from devtools.signals import interrupt, signal_handler

BACKEND = PROJECT / "backend"
UVICORN_OPTIONS = (
    "--factory",
    "--reload",
    "--reload-dir=app",
    # As in `python -m app serve`:
    "--no-access-log",
    "--no-proxy-headers",
    "--no-server-header",
)
WORKER_LOG_LEVEL = {"PAU2_LOG_LEVEL": "WARNING"}
"""The worker runs jobs every minute, whose log lines would hide those of requests."""
LAST_LINE_WORD = "Password"
"""A word that only the last line of `devtools.prepare` contains."""
READY_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
POLL_INTERVAL = 0.05


class DevError(Exception):
    """The product cannot run. The message gives the reason, then a remedy."""


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C, a signal, or the end of the parent process; return the exit code."""
    parser = argparse.ArgumentParser(prog="./noxw -s dev --")
    parser.add_argument("--port", type=port_number, default=os.environ.get("PORT", "8000"))
    port: int = parser.parse_args(arguments).port
    try:
        with signal_handler(interrupt):
            return run(port)
    except (DevError, PostgresUnavailableError) as error:
        print(f"dev: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dev: stopped.")
        return 0


def port_number(text: str) -> int:
    """Parse `--port` or PORT. Raises ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and 0 < int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port. Use a number from 1 to 65535")


def run(port: int) -> int:
    """Start everything on 127.0.0.1:port and watch it. Raises DevError, PostgresUnavailableError."""
    start = time.monotonic()
    parent = os.getppid()
    this_process = psutil.Process()
    starter = this_process.parent() or this_process  # the first process of a container has no parent
    state = PROJECT / ".postgres" / f"dev-{port}.json"
    terminate_leftovers(state)
    refuse_taken_port(port)
    os.environ.setdefault("PAU2_LOG_FORMAT", "console")
    os.environ.setdefault("PAU2_PUBLIC_URL", f"http://127.0.0.1:{port}")
    os.environ |= development_variables() | {"PAU2_ENVIRONMENT": "development"}
    children: list[psutil.Popen] = []

    def record(child: psutil.Popen) -> psutil.Popen:
        children.append(child)
        state.write_text(
            json.dumps([[each.pid, each.create_time()] for each in (starter, this_process, *children)])
        )
        return child

    try:
        record(start_server(port))
        log_in_hint = wait_for_log_in_hint(record(start_worker()))
        wait_until_ready(port, children)
        print(banner(port, log_in_hint, time.monotonic() - start), flush=True)
        return watch(children, parent)
    finally:
        terminate(children)
        state.unlink(missing_ok=True)


def start_server(port: int) -> psutil.Popen:
    """Start the API in its own session, which Ctrl-C does not reach: we stop the children in order."""
    command = [sys.executable, "-m", "uvicorn", "app.main:create_served_app"]
    command += [*UVICORN_OPTIONS, f"--port={port}"]
    return psutil.Popen(command, cwd=BACKEND, start_new_session=True)


def start_worker() -> psutil.Popen:
    """Start the worker in its own session. It first migrates and seeds the development database."""
    command = [sys.executable, "-m", "devtools.prepare"]
    return psutil.Popen(
        command,
        cwd=BACKEND,
        env=WORKER_LOG_LEVEL | os.environ,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_log_in_hint(worker: psutil.Popen) -> str:
    """Wait until the worker has prepared the database; return its output. Raises DevError if that fails."""
    with worker.stdout as output:
        log_in_hint: str = output.read()
    if LAST_LINE_WORD not in log_in_hint:
        raise DevError("the database could not be migrated and seeded. See the lines above.")
    return log_in_hint


def terminate_leftovers(state: Path) -> None:
    """Terminate the recorded children of a killed run, unless another process has their id now.

    Raises DevError if the run and its starter are alive.
    """
    state.parent.mkdir(exist_ok=True)
    alive = running_processes(state)
    if alive and all(alive[:2]):
        raise DevError(
            f"the product already runs on this port, as process {alive[1]}. Use it, stop it with Ctrl-C, "
            "or choose another port: ./noxw -s dev -- --port …"
        )
    left = [psutil.Process(pid) for pid in alive[1:] if pid]
    if left:
        print(f"dev: terminating {len(left)} processes of a killed run.")
        terminate(left)


def running_processes(state: Path) -> list[int | None]:
    """Return the recorded processes (starter, run, children), with None for each that has ended.

    The list is empty without a record.
    """
    try:
        recorded = json.loads(state.read_text())
    except (FileNotFoundError, ValueError):
        return []
    return [pid if _created(pid) == created else None for pid, created in recorded]


def refuse_taken_port(port: int) -> None:
    """Raise DevError if another program listens on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DevError(
                f"port {port} cannot be used ({error.strerror}). Stop the program that uses it, "
                f"or choose another port: ./noxw -s dev -- --port {port + 1}"
            ) from None


def wait_until_ready(port: int, children: Iterable[psutil.Popen]) -> None:
    """Wait for /health/ready. Raises DevError if a child ends first, or after READY_TIMEOUT."""
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        if any(child.poll() is not None for child in children):
            raise DevError("the API or the worker ended before it was ready. See the lines above.")
        if is_ready(port):
            return
        time.sleep(POLL_INTERVAL)
    raise DevError(f"the API was not ready within {READY_TIMEOUT:.0f} s. See the lines above.")


def banner(port: int, log_in_hint: str, seconds: float) -> str:
    """Return the summary that a developer sees when everything runs."""
    return (
        f"\n{log_in_hint.rstrip()}\n"
        f"  Documentation  http://127.0.0.1:{port}/docs\n"
        f"  Mails          .mail/*.eml\n"
        f"  Stop           Ctrl-C (the data stays)\n"
        f"PAU 2 runs, ready after {seconds:.1f} s.\n"
    )


def watch(children: Sequence[psutil.Popen], parent: int) -> int:
    """Return 0 when the parent process has ended. Raises DevError if a child ends."""
    while os.getppid() == parent:
        if any(child.poll() is not None for child in children):
            raise DevError("the API or the worker ended unexpectedly. See the lines above.")
        time.sleep(POLL_INTERVAL * 10)
    return 0


def terminate(processes: Iterable[psutil.Process]) -> None:
    """Send SIGTERM to processes and their children; kill those that still run after STOP_TIMEOUT."""
    all_processes: list[psutil.Process] = []
    for process in processes:
        all_processes += [process, *_children(process)]
    for process in all_processes:
        _send(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(all_processes, timeout=STOP_TIMEOUT)
    for process in alive:
        _send(process, signal.SIGKILL)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def is_ready(port: int) -> bool:
    """Send the request directly, even if the environment names a proxy."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _created(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
