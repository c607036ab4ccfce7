"""The service under test: PostgreSQL, two API processes and a worker, to be stopped, killed and started."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from devtools.embedded import EmbeddedServer
from devtools.postgres import RUNTIME_ROLE, as_user, forget_libpq_variables, in_database

BACKEND = Path(__file__).resolve().parents[1]
REPORTS = BACKEND.parent / "reports/faults"
DATABASE = "pau2_faults"
DISK = "512m"
"""Room for a new database of 80 MB and its write-ahead log, and little enough to fill in a second."""
READY_TIMEOUT = 60.0
STOP_TIMEOUT = 35.0
"""More than an API process takes to finish its requests (30 s)."""
POLL_INTERVAL = 0.05


class ServiceError(Exception):
    """A part of the service did not start."""


@dataclass
class Process:
    """One process of the application, on a port if it is an API. `skew` moves its clock, in seconds."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    port: int = 0
    skew: int = 0
    _process: psutil.Popen | None = None

    @property
    def running(self) -> psutil.Popen:
        if self._process is None:
            raise ServiceError(f"{self.name} is not running")
        return self._process

    def start(self) -> None:
        """Start it; an API process has answered when this returns. Raises ServiceError."""
        program = ["-m", "faults.skewed", str(self.skew)] if self.skew else ["-m", "app"]
        with (REPORTS / f"{self.name}.log").open("ab") as log:
            self._process = psutil.Popen(
                [sys.executable, *program, *self.arguments],
                cwd=BACKEND,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if self.port:
            self._wait_until_it_answers()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.running.send_signal(number)

    def kill(self) -> None:
        """Kill it with SIGKILL and wait for its end."""
        self.running.kill()
        self.running.wait()

    def end(self) -> None:
        """Kill it if it runs, also when it is stopped."""
        if self._process and self._process.is_running():
            self._process.kill()
            self._process.wait()

    def stop(self) -> float:
        """Ask it to end, as a deployment does; return the seconds that it took. Raises ServiceError."""
        started = time.monotonic()
        self.running.terminate()
        try:
            self.running.wait(STOP_TIMEOUT)
        except psutil.TimeoutExpired:
            self.kill()
            raise ServiceError(f"{self.name} did not end within {STOP_TIMEOUT:.0f} s") from None
        return time.monotonic() - started

    def restart(self) -> None:
        """Stop it in order and start it again."""
        self.stop()
        self.start()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            if self.running.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(POLL_INTERVAL)
        raise ServiceError(f"{self.name} does not answer, see {REPORTS}")


@dataclass
class Service:
    """Everything that runs. `owner_url` is the database as the role that owns it."""

    server: EmbeddedServer
    environment: dict[str, str]
    apis: list[Process] = field(default_factory=list)
    worker: Process = field(init=False)

    def __post_init__(self) -> None:
        self.apis = [self._api(number) for number in (1, 2)]
        self.worker = self.new_worker("worker")

    @property
    def owner_url(self) -> str:
        return self.environment["PAU2_MIGRATION_DATABASE_URL"]

    @property
    def admin_url(self) -> str:
        """The server's own database, as its superuser."""
        return in_database(self.owner_url, "postgres")

    def new_worker(self, name: str) -> Process:
        """Return a worker that is not started yet."""
        return Process(name, ["worker"], self.environment)

    def run(self, *arguments: str, timeout: float = 60) -> None:
        """Run a command of the application to its end. Raises ServiceError, TimeoutExpired."""
        if code := self.begin(*arguments).wait(timeout):
            raise ServiceError(f"{arguments[0]} ended with {code}, see {REPORTS}")

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the application."""
        with (REPORTS / "commands.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                cwd=BACKEND,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
            )

    def start_database(self) -> None:
        """Start the server, wherever it was stopped. Raises PostgresUnavailableError."""
        self.server.url()

    def kill_database(self) -> None:
        """Kill the server and all its processes together with SIGKILL."""
        for process in self.database_processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        deadline = time.monotonic() + STOP_TIMEOUT
        while self.server.is_running() and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL)

    def database_processes(self) -> list[psutil.Process]:
        """Return the postmaster and its children, the postmaster first."""
        postmaster = self.server.postmaster()
        if postmaster is None:
            return []
        return [postmaster, *postmaster.children(recursive=True)]

    def stop(self) -> None:
        """End all processes of the application, even stopped ones, and resume the server."""
        for process in [*self.apis, self.worker]:
            process.end()
        for postgres in self.database_processes():
            postgres.send_signal(signal.SIGCONT)

    def _api(self, number: int) -> Process:
        port = _free_port()
        return Process(f"api-{number}", ["serve", "--port", str(port)], self.environment, port)


@contextmanager
def running_service(mail_url: str) -> Iterator[Service]:
    """Yield a service with an empty, migrated database on a disk of its own, if one can be mounted.

    Raises PostgresUnavailableError, ServiceError.
    """
    forget_libpq_variables()
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    with small_disk() as place, ExitStack() as stack:
        server = EmbeddedServer(place)
        stack.callback(server.release)
        service = Service(server, _environment(_make_database(server), mail_url))
        stack.callback(service.stop)
        service.run("migrate")
        yield service


@contextmanager
def small_disk() -> Iterator[Path]:
    """Yield a folder for the server's files: a small file system of its own where this user may mount one."""
    place = Path("/var/lib/pau2-faults") if os.geteuid() == 0 else REPORTS.parent / "faults-server"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", str(place)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield place
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=False)
        shutil.rmtree(place, ignore_errors=True)


def _make_database(server: EmbeddedServer) -> str:
    url = server.url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        connection.execute(f"CREATE ROLE {RUNTIME_ROLE} LOGIN".encode())
    return in_database(url, DATABASE)


def _environment(owner_url: str, mail_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": as_user(owner_url, RUNTIME_ROLE),
        "PAU2_MIGRATION_DATABASE_URL": owner_url,
        "PAU2_SMTP_URL": mail_url,
        "PAU2_SHUTDOWN_DELAY": "0",
        "PAU2_LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
