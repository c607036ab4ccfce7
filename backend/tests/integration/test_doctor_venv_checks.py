"""`./noxw -s doctor` on real ports, processes and servers: leftovers, the server and its databases."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import psutil
import psycopg
import pytest

from devtools.databases import LOCK_SPACE, execute, lock_key
from devtools.doctor import leftovers, ports, venv_checks
from devtools.doctor.checks import Check, Result, Row, examine
from devtools.doctor.servers import Server
from gates.migrations.revisions import ordered_revisions
from gates.model import Project
from tests.integration.temporary_checkouts import new_folder
from tests.plugins.database import MigratedDatabases, database_of

ROOT = Path(__file__).resolve().parents[3]


def row_of(check: Check, *, fix: bool = False) -> Row:
    [row] = examine({"check": check}, fix=fix)
    return row


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def sleeper() -> Iterator[psutil.Popen]:
    with psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        if process.poll() is None:
            process.kill()


def record(folder: Path, port: int, *processes: psutil.Process) -> Path:
    state = folder / f"dev-{port}.json"
    state.write_text(json.dumps([[each.pid, each.create_time()] for each in processes]))
    return state


def test_accepts_the_port_when_it_is_free(port: int, tmp_path: Path) -> None:
    assert ports.port(tmp_path, str(port)).summary == f"127.0.0.1:{port} is free"


def test_names_the_process_when_it_has_the_port(listener: socket.socket, tmp_path: Path) -> None:
    number = listener.getsockname()[1]

    result = ports.port(tmp_path, str(number))

    name = psutil.Process().name()
    assert result.summary == f"{name} (process {os.getpid()}) uses 127.0.0.1:{number}"
    assert result.remedy.startswith("./noxw -s dev -- --port ")


def test_accepts_the_port_when_the_product_has_it(listener: socket.socket, tmp_path: Path) -> None:
    number = listener.getsockname()[1]
    record(tmp_path, number, psutil.Process(os.getppid()), psutil.Process())

    result = ports.port(tmp_path, str(number))

    assert result.summary == f"the product runs on 127.0.0.1:{number} as process {os.getpid()}"


def test_refuses_the_port_when_it_is_not_a_number(tmp_path: Path) -> None:
    assert ports.port(tmp_path, "http").remedy == "unset PORT"


def test_accepts_a_run_when_it_lives(tmp_path: Path) -> None:
    record(tmp_path, 8000, psutil.Process(os.getppid()), psutil.Process())

    assert leftovers.runs(tmp_path).summary == "alive: dev-8000.json"


def test_ends_the_processes_when_their_run_was_killed(
    tmp_path: Path, sleeper: psutil.Popen, capsys: pytest.CaptureFixture[str]
) -> None:
    state = record(tmp_path, 8000, psutil.Process(), psutil.Process(), sleeper)
    recorded = json.loads(state.read_text())
    recorded[1][1] = 0.0  # its process id now belongs to another process
    state.write_text(json.dumps(recorded))

    def check() -> Result:
        return leftovers.runs(tmp_path)

    assert row_of(check).summary == "a killed run left .postgres/dev-8000.json; running processes: 1"
    assert row_of(check, fix=True).summary == "removed .postgres/dev-8000.json; terminated processes: 1"
    assert not sleeper.is_running()
    assert not state.exists()
    assert capsys.readouterr().out == ""  # unsorted, it would be in the middle of the rows


def test_removes_a_socket_when_its_server_was_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shared = tmp_path / "pau2-0-0123456789ab"
    for folder in (data, shared):
        folder.mkdir()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / ".s.PGSQL.5432"))

    def check() -> Result:
        return leftovers.sockets(data, tmp_path)

    assert row_of(check).summary == f"no server uses {data}/.s.PGSQL.5432 and 1 more"
    assert row_of(check, fix=True).state == "fixed"
    assert [*data.iterdir(), *shared.iterdir()] == []


def test_spares_a_socket_when_somebody_listens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(tmp_path / ".s.PGSQL.5432"))
        alive.listen()

        assert leftovers.sockets(tmp_path, tmp_path).remedy == ""


def test_removes_a_folder_when_it_is_older_than_a_day(tmp_path: Path) -> None:
    old = tmp_path / "pau2-old"
    new = tmp_path / "pau2-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (time.time() - 2 * leftovers.ABANDONED_AFTER_SECONDS,) * 2)

    def check() -> Result:
        return leftovers.folders([old, new, tmp_path / "pau2-gone"])

    assert row_of(check).summary == f"more than a day old: {old}"
    assert row_of(check, fix=True).summary == f"removed {old}"
    assert (old.exists(), new.exists()) == (False, True)


def test_finds_the_folders_of_runs_without_those_of_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("pau2-base-x", "pau2-0-0123456789ab", "other"):
        (tmp_path / name).mkdir()

    found = leftovers.temporary_folders()

    assert {path.name for path in found if path.parent == tmp_path} == {"pau2-base-x"}


@pytest.fixture
def given(fresh_migration_url: str, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that DATABASE_URL names, with a migrated database."""
    monkeypatch.setenv("DATABASE_URL", fresh_migration_url)
    return Server(ROOT)


def test_names_the_server_when_it_is_not_the_embedded_one(given: Server) -> None:
    summary = given.server().summary

    assert summary.startswith("DATABASE_URL names another server, ")
    assert ": PostgreSQL 1" in summary


def test_refuses_the_server_when_it_does_not_answer(
    port: int, monkeypatch: pytest.MonkeyPatch, given: Server
) -> None:
    password = uuid4().hex
    monkeypatch.setenv("DATABASE_URL", f"postgresql://someone:{password}@127.0.0.1:{port}/pau2")

    result = given.server()

    assert result.remedy == "unset DATABASE_URL"
    assert f"127.0.0.1:{port}" in result.summary
    assert password not in result.summary
    assert given.database(Project(root=ROOT)).is_skipped
    assert given.scratch().is_skipped


def test_refuses_the_server_when_its_clock_differs(given: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devtools.doctor.servers.MAX_SKEW_SECONDS", -1.0)

    assert given.server().remedy == "sudo timedatectl set-ntp true && date"


def test_accepts_the_database_when_it_has_all_revisions(given: Server) -> None:
    row = row_of(lambda: given.database(Project(root=ROOT)))

    assert row.state == "ok"
    assert "has all " in row.summary


def test_refuses_the_database_when_it_lacks_revisions(given: Server) -> None:
    project = Project(root=ROOT)
    first, *_ = ordered_revisions(project)
    with psycopg.connect(given.url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [first.id])

    result = given.database(project)

    assert result.remedy == "./noxw -s app -- migrate"
    assert " lacks " in result.summary


def test_refuses_database_when_revision_is_of_another_branch(given: Server) -> None:
    with psycopg.connect(given.url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'elsewhere'")

    result = given.database(Project(root=ROOT))

    assert result.remedy == f"./noxw -s app -- reset {database_of(given.url)}"
    assert "the revision elsewhere, which this branch does not have" in result.summary


def test_refuses_the_database_when_it_has_no_tables(
    migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated_databases.scratch.create_database())

    assert Server(ROOT).database(Project(root=ROOT)).remedy == "./noxw -s app -- migrate"


def test_skips_database_when_revisions_do_not_form_a_chain(given: Server, tmp_path: Path) -> None:
    assert given.database(Project(root=tmp_path)).is_skipped


def test_drops_databases_when_their_run_was_killed(
    migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prefix is this test's own, so no run that starts in the meantime drops the database."""
    prefix = f"pau2_test_doctor_{uuid4().hex[:7]}_"
    monkeypatch.setattr("devtools.databases.RUN_PREFIX", prefix)
    monkeypatch.setenv("DATABASE_URL", migrated_databases.scratch.server)
    given = Server(ROOT)
    mine = migrated_databases.scratch
    run = f"{prefix}{uuid4().hex[:7]}"
    mine.admin.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, lock_key(run)])
    execute(mine.admin, "CREATE DATABASE {} STRATEGY wal_log", f"{run}_1")
    while_it_lives = given.scratch()
    mine.admin.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, lock_key(run)])

    found = given.scratch()
    row = row_of(given.scratch, fix=True)

    assert run not in while_it_lives.summary
    assert run in found.summary
    assert (row.state, mine.databases_starting_with(run)) == ("fixed", [])


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """An embedded server that is stopped."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    server = Server(tmp_path)
    server.embedded.data.mkdir(parents=True)
    return server


def test_starts_no_server_when_nobody_asks_for_it(stopped: Server) -> None:
    assert stopped.server().summary.startswith("the embedded server does not run. ")
    assert stopped.database(Project(root=ROOT)).is_skipped
    assert not stopped.embedded.is_running()


def test_refuses_the_data_when_another_major_version_wrote_them(stopped: Server) -> None:
    (stopped.embedded.data / "PG_VERSION").write_text("14\n", encoding="utf-8")

    result = stopped.server()

    assert result.summary.startswith("the data of the embedded server is from PostgreSQL 14, ")
    assert result.remedy == f"rm -r {stopped.embedded.place}"


@pytest.mark.usefixtures("given")
def test_prints_a_row_for_each_check_when_run_in_environment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert venv_checks.main([]) == 0

    names = [row["check"] for row in json.loads(capsys.readouterr().out)]
    assert names == [*venv_checks.checks(ROOT, is_started=False)]


@pytest.fixture
def started() -> Iterator[Server]:
    """An embedded server that is running."""
    with new_folder() as folder:
        server = Server(folder, is_started=True)
        yield server
        server.embedded.release()


def test_looks_into_the_embedded_server_when_it_is_asked_to(
    started: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    project = Project(root=ROOT)

    assert started.server().summary.startswith("the embedded server runs: PostgreSQL ")
    assert started.database(project).summary == "it does not exist yet; ./noxw -s dev creates it"
    with psycopg.connect(started.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE pau2")
    assert started.database(project).summary == "pau2 has no tables yet"
    assert started.scratch().remedy == ""


def test_refuses_the_server_when_another_way_started_it(
    started: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert started.url
    lock = started.embedded.place / "server.lock"
    hidden = lock.rename(lock.with_name("hidden.lock"))  # as if no process held the lock

    result = started.server()

    hidden.rename(lock)
    process = started.embedded.postmaster()
    assert process
    assert result.remedy == f"kill -INT {process.pid}"


def test_offers_the_migration_when_the_role_may_not_read(
    given: Server, migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated_databases.scratch.create_role(given.url))

    result = Server(ROOT).database(Project(root=ROOT))

    assert result.remedy == "./noxw -s app -- migrate"
    assert result.summary.startswith("it cannot be read (permission denied ")


def test_names_nobody_when_no_process_is_seen_at_the_port(port: int) -> None:
    assert ports._owner(port) == "another user's program"


def test_names_a_program_when_the_system_hides_its_process(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_kind: str) -> NoReturn:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    number = listener.getsockname()[1]

    result = ports.port(tmp_path, str(number))

    assert result.summary == f"another program uses 127.0.0.1:{number}"
