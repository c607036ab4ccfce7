"""The embedded server starts with unusual paths and environment variables, and touches nothing else."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from devtools import postgres
from tests import conftest
from tests.integration.temporary_checkouts import new_checkout, run_in

CHECK = """
import os, psycopg, sqlalchemy
print([name for name in os.environ if name.startswith('PG')])
owner = os.environ['PAU2_MIGRATION_DATABASE_URL'].replace('postgresql:', 'postgresql+psycopg:')
with sqlalchemy.create_engine(owner).connect() as connection:
    print(*connection.execute(sqlalchemy.text(
        "SELECT current_database(), current_setting('TimeZone'), current_setting('log_timezone'), lower('Ñ')"
    )).one())
with psycopg.connect(os.environ['DATABASE_URL']) as connection:
    print(*connection.execute(
        "SELECT current_database(), rolname, rolsuper FROM pg_roles WHERE rolname = session_user"
    ).fetchone())
"""
STARTED = "[]\npau2 UTC UTC ñ\npau2 pau2_runtime False\n"
LIBPQ = {
    "PGAPPNAME": "x",
    "PGCHANNELBINDING": "require",
    "PGCLIENTENCODING": "LATIN1",
    "PGCONNECT_TIMEOUT": "abc",
    "PGDATA": "/nonexistent",
    "PGDATABASE": "theirs",
    "PGDATESTYLE": "SQL",
    "PGGSSENCMODE": "require",
    "PGHOST": "127.0.0.1",
    "PGHOSTADDR": "127.0.0.1",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGPASSFILE": "/nonexistent",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGREQUIREPEER": "nobody",
    "PGSERVICE": "production",
    "PGSERVICEFILE": "/nonexistent",
    "PGSSLMODE": "verify-full",
    "PGSSLNEGOTIATION": "direct",
    "PGSYSCONFDIR": "/nonexistent",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "Europe/Madrid",
    "PGUSER": "them",
}


@dataclass(frozen=True)
class UnusualEnvironment:
    """Differences from a usual machine. `path` is the path of the checkout."""

    path: str = "project"
    variables: Mapping[str, str] = field(default_factory=dict)
    umask: int = 0o022


MACHINES = {
    "characters": UnusualEnvironment(path='con espacio/feature%2Flogin, it\'s 50$ `a` "b" \\ señal'),
    "long path": UnusualEnvironment(path=f"{'l' * 120}/{'m' * 120}"),
    "libpq": UnusualEnvironment(variables=LIBPQ),
    "locale, zone, proxy, home": UnusualEnvironment(
        variables={
            "LC_ALL": "xx_XX.UTF-8",
            "LANG": "xx_XX.UTF-8",
            "LANGUAGE": "xx",
            "TZ": "Europe/Madrid",
            "http_proxy": "http://127.0.0.1:9",
            "HOME": "/nonexistent",
            "XDG_RUNTIME_DIR": "/nonexistent",
            "TMPDIR": f"/nonexistent/{'t' * 200}",
        }
    ),
    "umask": UnusualEnvironment(umask=0o077),
}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listening server of another user."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_starts_its_own_server_when_the_machine_is_hostile(
    machine: UnusualEnvironment, listener: socket.socket
) -> None:
    port = str(listener.getsockname()[1])

    with new_checkout(machine.path) as project:
        variables = {**machine.variables, "PGPORT": port}
        result = run_in(project, sys.executable, "-c", CHECK, umask=machine.umask, **variables)

    assert (result.returncode, result.stdout, result.stderr) == (0, STARTED, "")
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_prefers_database_url_when_libpq_variables_differ(
    database_url: str, monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    for name, value in {**LIBPQ, "PGPORT": str(listener.getsockname()[1])}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGSSLMODE", "prefer")
    monkeypatch.setenv("PGPASSWORD", "secret")
    monkeypatch.setenv("DATABASE_URL", database_url)

    with psycopg.connect(postgres.server_url()) as connection:
        found = connection.info.dbname

    assert found == database_url.partition("?")[0].rpartition("/")[2]
    kept = {name for name in os.environ if name.startswith("PG")}
    assert kept == {"PGPASSFILE", "PGPASSWORD", "PGSSLMODE"}
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_sends_no_setting_to_the_server_of_database_url(
    database_url: str, migration_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = "SELECT count(*), max(modification) FROM pg_file_settings, pg_stat_file('postgresql.auto.conf')"
    monkeypatch.setenv("DATABASE_URL", database_url)
    with psycopg.connect(migration_url, autocommit=True) as connection:
        before = connection.execute(changed).fetchall()
        postgres.development_variables()
        assert connection.execute(changed).fetchall() == before


def test_copies_programs_elsewhere_when_tmpdir_is_noexec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", "")
    monkeypatch.delenv("PYTEST_DEBUG_TEMPROOT")
    conftest.choose_temporary_folder()
    assert "PYTEST_DEBUG_TEMPROOT" not in os.environ
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.X_OK)

    conftest.choose_temporary_folder()

    assert Path(os.environ["PYTEST_DEBUG_TEMPROOT"]) == Path("/", "var", "tmp")
