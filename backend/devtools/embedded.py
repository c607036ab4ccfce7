"""The embedded PostgreSQL: one server for each checkout, on a Unix socket, that stops with its last user.

File locks show whether the server is used and whether it runs. Processes that use it share `users.lock`; its
supervisor takes that lock exclusively to stop the server. `server.lock` is held while a process of the server
lives. Process ids in files are not trusted, because another process may have them now.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from devtools import programs, supervisor
from devtools.errors import PostgresUnavailableError
from devtools.file_locks import open_lock_file, try_lock
from devtools.server_folders import SOCKET_FILES, socket_folder
from devtools.server_owner import ROOT, Owner, owner_of

INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-sync",
    "--no-instructions",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
"""The same locale on every machine. The server has it built in, so nothing must be generated."""
SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors are logged without DETAIL (`Key (email)=(…) already exists`) and STATEMENT, which quote values.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
}
"""Passed on the command line, which overrides the settings in the files of an older data directory."""
START_TIMEOUT = 60.0
SUPERVISOR_TIMEOUT = 5.0
"""Seconds that a supervisor may take to notice that the last user has gone."""
POLL_INTERVAL = 0.01


@dataclass
class EmbeddedServer:
    """The server of one checkout, as this process uses it. It is not thread-safe."""

    place: Path
    """The folder of all its files."""
    _users: dict[int, int] = field(default_factory=dict)
    """Process id → descriptor of its shared lock. A fork inherits both, and takes a lock of its own."""

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def log(self) -> Path:
        return self.data / "log"

    def url(self) -> str:
        """Start the server if necessary and return its address. This process then uses it until it ends.

        Raises PostgresUnavailableError.
        """
        try:
            owner = owner_of(self.data)
            self.place.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == ROOT:
                self.place.chmod(0o755)
            self._register_use()
            return self._wait_for_server(owner)
        except OSError as error:
            raise PostgresUnavailableError(
                f"The embedded PostgreSQL cannot use its files ({error}). "
                "Make them accessible, or name a server in DATABASE_URL."
            ) from error

    def release(self) -> None:
        """Stop using the server. When this was the last user, wait until the server has stopped."""
        users = self._users.pop(os.getpid(), None)
        if users is None:
            return
        fcntl.flock(users, fcntl.LOCK_UN)
        deadline = time.monotonic() + SUPERVISOR_TIMEOUT
        # The supervisor stops a server without users; until it does, the server still runs.
        while try_lock(users) and self.is_running():
            if time.monotonic() > deadline:
                self._stop_without_supervisor()
                break
            fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(POLL_INTERVAL)
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for a supervisor that stops the server
        os.close(users)

    def postmaster(self) -> psutil.Process | None:
        """Return the process that postmaster.pid names, if it is a PostgreSQL with this data directory."""
        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split("\n", 1)[0]))
            is_ours = process.name().startswith("postgres") and Path(process.cwd()).samefile(self.data)
        except (OSError, ValueError, psutil.Error):
            return None
        return process if is_ours else None

    def _register_use(self) -> None:
        if os.getpid() in self._users:
            return
        users = open_lock_file(self.place / "users.lock")
        fcntl.flock(users, fcntl.LOCK_SH)
        self._users[os.getpid()] = users
        atexit.register(self.release)

    def _wait_for_server(self, owner: Owner) -> str:
        """Return the address once the server accepts connections. Start it unless another process does."""
        folder = socket_folder(self.data, owner[0])
        url = f"postgresql://postgres@/postgres?host={quote(str(folder))}"
        deadline = time.monotonic() + START_TIMEOUT
        is_started = False
        log_before = _size(self.log)
        while True:
            try:
                return self._verified(url)
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise self._start_error(str(error).splitlines()[0]) from None
            lock = open_lock_file(self.place / "server.lock")
            try:
                if try_lock(lock):
                    if is_started:
                        raise self._start_error(_last_line(self.log, log_before))
                    self._start(folder, owner, lock)
                    is_started = True
            finally:
                os.close(lock)
            time.sleep(POLL_INTERVAL)

    def _verified(self, url: str) -> str:
        """Return the address after checking that this server responds, so that no other one is written to.

        Raises PostgresUnavailableError, OperationalError.
        """
        with psycopg.connect(url, connect_timeout=5) as connection:
            [[found]] = connection.execute("SHOW data_directory").fetchall()
        if found != str(self.data):
            raise PostgresUnavailableError(
                f"The server at {url} has its data in {found}, so it is not the embedded one. "
                "Stop that server, or name it in DATABASE_URL."
            )
        return url

    def _start(self, folder: Path, owner: Owner, lock: int) -> None:
        """Start the server under a supervisor, which inherits the lock, without waiting until it is ready."""
        if os.geteuid() == ROOT:
            binaries = programs.world_readable_programs(self.place)
        else:
            binaries = programs.installed_package() / programs.BINARIES
        if not self.data.exists():
            self._make_data_directory(binaries, owner)
        self._remove_files_of_killed_server(folder)
        server = [str(binaries / "postgres"), "-D", str(self.data)]
        for name, value in {**SERVER_SETTINGS, "unix_socket_directories": str(folder)}.items():
            server += ["-c", f"{name}={value}"]
        files = [self.place / "users.lock", lock, self.log]
        keep = [sys.executable, "-I", "-S", supervisor.__file__, *map(str, [*files, *owner]), *server]
        # The shell's `&` detaches the supervisor, so it survives this process and a signal to our children.
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *keep],
            cwd=self.place,
            env=programs.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock],
            start_new_session=True,
            check=True,
        )

    def _make_data_directory(self, binaries: Path, owner: Owner) -> None:
        """Create it under another name and rename it, so that a killed run leaves no incomplete directory."""
        unfinished = self.place / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, *owner)
        with programs.shell_safe_programs(binaries) as runnable:
            programs.run_program(
                [str(runnable / "initdb"), "-D", str(unfinished), *INITDB_OPTIONS], owner, self.place
            )
        unfinished.rename(self.data)

    def _remove_files_of_killed_server(self, folder: Path) -> None:
        """Remove the files of a killed server: PostgreSQL would trust the process id in them."""
        running = self.postmaster()
        if running:
            raise PostgresUnavailableError(
                f"A PostgreSQL that was started in another way (process {running.pid}) uses {self.data}. "
                "Stop it and run the command again."
            )
        for path in [self.data / "postmaster.pid", *(folder / name for name in SOCKET_FILES)]:
            path.unlink(missing_ok=True)

    def _stop_without_supervisor(self) -> None:
        """Stop the server whose supervisor was killed."""
        server = self.postmaster()
        if server:
            server.send_signal(supervisor.STOP_SIGNALS[0])
            psutil.wait_procs([server], timeout=supervisor.STOP_TIMEOUT)

    def is_running(self) -> bool:
        """Return whether a process of the server lives."""
        if not self.place.exists():  # the folder was removed
            return False
        lock = open_lock_file(self.place / "server.lock")
        is_free = try_lock(lock)
        os.close(lock)
        return not is_free

    def _start_error(self, reason: str) -> PostgresUnavailableError:
        return PostgresUnavailableError(
            f"The embedded PostgreSQL did not start ({reason}). Read its log, {self.log}, "
            f"or remove {self.place} to start with an empty server."
        )


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _last_line(log: Path, start: int) -> str:
    """Return the last line that the server logged after byte `start`, without time and severity."""
    written = log.read_bytes()[start:].decode(errors="replace").splitlines() if log.exists() else []
    return written[-1].rpartition(":  ")[2] if written else "it wrote nothing"
