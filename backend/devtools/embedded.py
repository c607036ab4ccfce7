"""The embedded PostgreSQL: one server for a checkout, on a Unix socket, that stops with its last user.

File locks tell whether it is used and whether it runs: the kernel drops them when a process ends, however it
ends. The processes that use the server share `users.lock`; its supervisor takes it alone to stop the server.
`server.lock` is locked while a process of the server lives. A number in a file is never believed.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import re
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

SYSTEM_USER = "embedded_postgres"
"""The system user of root's server: PostgreSQL refuses to run as root."""
INITDB_OPTIONS = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
"""The same locale on every machine. The server has it built in, so nothing must be generated."""
SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors come without what quotes values: DETAIL (`Key (email)=(…) already exists`) and STATEMENT.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
}
"""Given on the command line: it wins over what a data directory of earlier days has in its files."""
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]{1,85}", re.ASCII)
"""A socket's folder is one of a list with commas for libpq, and 103 bytes with the name at most."""
SOCKET_FILES = (".s.PGSQL.5432", ".s.PGSQL.5432.lock")
ROOT = 0
START_TIMEOUT = 60.0
SUPERVISOR_TIMEOUT = 5.0
"""How long a supervisor may take to notice that the last user is gone."""
POLL_INTERVAL = 0.01

Owner = tuple[int, int]
"""User and group of the server's processes, by number."""


@dataclass
class EmbeddedServer:
    """The server of one checkout, as this process uses it. Not for several threads at a time."""

    place: Path
    """The folder of all its files."""
    _users: dict[int, int] = field(default_factory=dict)
    """Process → descriptor of the file that it holds: a fork inherits both and has to hold it itself."""

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def log(self) -> Path:
        return self.data / "log"

    def url(self) -> str:
        """Return its address; it is started, and used until this process ends.

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
                "Correct that, or name a server in DATABASE_URL."
            ) from error

    def release(self) -> None:
        """Stop using the server. When this was the last user, wait until the server has stopped."""
        users = self._users.pop(os.getpid(), None)
        if users is None:
            return
        fcntl.flock(users, fcntl.LOCK_UN)
        deadline = time.monotonic() + SUPERVISOR_TIMEOUT
        while (
            _try_lock(users) and self.is_running()
        ):  # nobody else has it: the supervisor has not noticed yet
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
        users = _open(self.place / "users.lock")
        fcntl.flock(users, fcntl.LOCK_SH)
        self._users[os.getpid()] = users
        atexit.register(self.release)

    def _wait_for_server(self, owner: Owner) -> str:
        """Return the address as soon as the server answers; start it when nobody does."""
        folder = _socket_folder(self.data, owner[0])
        url = f"postgresql://postgres@/postgres?host={quote(str(folder))}"
        deadline, is_started, log_before = time.monotonic() + START_TIMEOUT, False, _size(self.log)
        while True:
            try:
                return self._verified(url)
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise self._start_error(str(error).splitlines()[0]) from None
            lock = _open(self.place / "server.lock")
            try:
                if _try_lock(lock):
                    if is_started:
                        raise self._start_error(_last_line(self.log, log_before))
                    self._start(folder, owner, lock)
                    is_started = True
            finally:
                os.close(lock)
            time.sleep(POLL_INTERVAL)

    def _verified(self, url: str) -> str:
        """Return the address if this server is behind it: nothing is ever written to another one.

        Raises PostgresUnavailableError, OperationalError.
        """
        with psycopg.connect(url, connect_timeout=5) as connection:
            [[found]] = connection.execute("SHOW data_directory").fetchall()
        if found != str(self.data):
            raise PostgresUnavailableError(
                f"The server at {url} has its data in {found}, so it is not the embedded one. "
                "Stop it, or name it in DATABASE_URL."
            )
        return url

    def _start(self, folder: Path, owner: Owner, lock: int) -> None:
        """Start the server below a supervisor, which inherits the lock; return before the server answers."""
        if os.geteuid() == ROOT:
            binaries = programs.world_readable_programs(self.place)
        else:
            binaries = programs.installed_package() / programs.BINARIES
        if not self.data.exists():
            self._make_data_directory(binaries, owner)
        self._remove_files_of_killed_server(folder)
        settings = SERVER_SETTINGS | {"unix_socket_directories": str(folder)}
        server = [str(binaries / "postgres"), "-D", str(self.data)]
        server += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        files = [self.place / "users.lock", lock, self.log]
        keep = [sys.executable, "-I", "-S", supervisor.__file__, *map(str, [*files, *owner]), *server]
        # The shell's `&` makes the supervisor nobody's child: it outlives us and whatever ends our children.
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
        """Make it under another name first: a run that is killed meanwhile leaves nothing half made."""
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
        """Remove the files of a killed server: PostgreSQL believes numbers that others may have now."""
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
        """Whether a process of the server lives."""
        if not self.place.exists():  # somebody removed it
            return False
        lock = _open(self.place / "server.lock")
        is_free = _try_lock(lock)
        os.close(lock)
        return not is_free

    def _start_error(self, reason: str) -> PostgresUnavailableError:
        return PostgresUnavailableError(
            f"The embedded PostgreSQL did not start ({reason}). Its log is {self.log}; "
            f"removing {self.place} starts again from nothing."
        )


def home(project: Path) -> Path:
    """Return the folder of a checkout's server.

    Root's server runs as another user. Below a private folder that user could not enter it, and we open no
    folder that is not ours: the files live in /var/lib instead.
    """
    inside = project / ".postgres"
    if os.geteuid() != ROOT or programs.is_open(inside):
        return inside
    return Path("/var/lib") / f"pau2-{digest(project)}"


def digest(path: Path) -> str:
    """Return twelve characters that name a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def owner_of(data: Path) -> Owner:
    """Return who runs the server: this user; instead of root the owner of the data, or a user made for it.

    Raises PostgresUnavailableError, before anything is changed.
    """
    if os.geteuid() != ROOT:
        if not data.exists():
            _require_known_user(os.geteuid())
        return os.geteuid(), os.getegid()
    if data.exists() and data.stat().st_uid != ROOT:
        return data.stat().st_uid, data.stat().st_gid
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _create_user()
    return entry.pw_uid, entry.pw_gid


def _require_known_user(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise PostgresUnavailableError(
            f"The user with the number {uid} has no entry in the system's list of users (/etc/passwd), and "
            "PostgreSQL makes no data directory without. Add one, or name a server in DATABASE_URL."
        ) from None


def _create_user() -> pwd.struct_passwd:
    made = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if made:
        subprocess.run(
            [made, "--system", "--shell", "/bin/sh", SYSTEM_USER], capture_output=True, check=False
        )
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise PostgresUnavailableError(
            f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} could not be added. "
            "Add it, run as another user, or name a server in DATABASE_URL."
        ) from None


def _socket_folder(data: Path, uid: int) -> Path:
    """Return a folder of the server's owner alone: its data, unless a socket cannot have that path."""
    if PLAIN_PATH.fullmatch(str(data)):
        return data
    folder = Path("/", "tmp", f"pau2-{uid}-{digest(data)}")
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, -1)
    except FileExistsError:
        pass
    found = folder.lstat()
    if found.st_uid != uid or found.st_mode & 0o077:
        raise PostgresUnavailableError(f"{folder} belongs to somebody else. Remove it.")
    return folder


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(descriptor: int) -> bool:
    """Lock a file for ourselves alone, if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _last_line(log: Path, start: int) -> str:
    """Return what the server last said in its log after `start`, without time and severity."""
    written = log.read_bytes()[start:].decode(errors="replace").splitlines() if log.exists() else []
    return written[-1].rpartition(":  ")[2] if written else "it wrote nothing"
