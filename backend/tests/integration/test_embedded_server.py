"""The embedded server: its users, its stop, and the processes that it must not touch."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from devtools import embedded, postgres, programs, server_folders, server_owner, supervisor
from devtools.embedded import EmbeddedServer
from devtools.errors import PostgresUnavailableError
from gates.migrations.schema_dump import scratch_databases
from gates.model import GateError
from tests.integration.temporary_checkouts import new_folder

WITHIN = 60.0
SLEEP = "import time; time.sleep(600)"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """The files of a server, shared because initdb takes a second.

    Every test leaves it stopped and intact.
    """
    with new_folder() as folder:
        server = EmbeddedServer(folder)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1")
        server.release()
        yield folder


@pytest.fixture
def server(place: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(place)
    yield server
    server.release()
    assert not server.is_running()


def kept(server: EmbeddedServer) -> list[tuple[int]]:
    with psycopg.connect(server.url()) as connection:
        return connection.execute("TABLE kept").fetchall()


def test_runs_until_its_last_user_is_gone(server: EmbeddedServer, place: Path) -> None:
    other = EmbeddedServer(place)

    assert (server.url(), server.url()) == (other.url(), other.url())
    server.release()
    assert kept(other) == [(1,)]
    other.release()

    assert not server.is_running()
    assert not (server.data / "postmaster.pid").exists()


def start_user(place: Path, then: str = "") -> subprocess.Popen[str]:
    """Start a process that uses the server, prints its address, and then does something else."""
    use = (
        "import pathlib, sys; from devtools.embedded import EmbeddedServer;"
        f"print(EmbeddedServer(pathlib.Path(sys.argv[1])).url(), flush=True); {then}"
    )
    command = [sys.executable, "-c", use, str(place)]
    return subprocess.Popen(command, cwd=postgres.PROJECT / "backend", stdout=subprocess.PIPE, text=True)


def test_starts_once_when_several_commands_begin_together(server: EmbeddedServer) -> None:
    users = [start_user(server.place) for _ in range(3)]

    printed = {user.communicate(timeout=WITHIN)[0].strip() for user in users}

    assert [user.returncode for user in users] == [0, 0, 0]
    assert printed == {server.url()}


def test_stops_when_its_only_user_was_killed(server: EmbeddedServer) -> None:
    with start_user(server.place, SLEEP) as user:
        assert user.stdout
        assert user.stdout.readline().startswith("postgresql://")
        assert server.is_running()
        user.kill()

    wait_until(lambda: not server.is_running())


def test_starts_again_with_its_data_when_it_was_killed(server: EmbeddedServer) -> None:
    server.url()
    killed = server.postmaster()
    assert killed
    killed.kill()

    assert kept(server) == [(1,)]
    assert server.postmaster() != killed


def test_stops_with_its_last_user_when_its_supervisor_was_killed(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SUPERVISOR_TIMEOUT", 0.1)
    server.url()
    postmaster = server.postmaster()
    parent = postmaster and postmaster.parent()
    assert parent
    parent.kill()
    parent.wait(WITHIN)

    server.release()

    assert not server.is_running()


@pytest.mark.parametrize("name", ["sleep", "postgres"])
def test_spares_program_when_it_reuses_pid_of_a_killed_server(
    server: EmbeddedServer, place: Path, name: str
) -> None:
    server.url()
    killed = server.postmaster()
    assert killed
    recorded = (server.data / "postmaster.pid").read_text()
    killed.kill()
    wait_until(lambda: not server.is_running())
    program = place / name
    program.symlink_to(str(shutil.which("sleep")))
    owner = server.data.stat().st_uid
    with subprocess.Popen([program, "600"], cwd="/", user=owner) as stranger:
        for file in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (server.data / file).write_text(recorded.replace(str(killed.pid), str(stranger.pid), 1))
            os.chown(server.data / file, owner, -1)

        found = kept(server)
        server.release()

        assert (found, stranger.poll()) == ([(1,)], None)
        stranger.kill()


def test_writes_to_no_other_server_when_one_answers_in_its_place(server: EmbeddedServer) -> None:
    server.url()
    with new_folder() as folder:
        other = EmbeddedServer(folder)
        other.data.mkdir()
        (other.data / ".s.PGSQL.5432").symlink_to(server.data / ".s.PGSQL.5432")

        with pytest.raises(
            PostgresUnavailableError, match=f"has its data in {server.data}, so it is not the"
        ):
            other.url()


def test_ignores_server_when_it_was_started_in_another_way(server: EmbeddedServer) -> None:
    server.url()
    running = server.postmaster()
    assert running
    (server.place / "server.lock").unlink()
    (server.data / ".s.PGSQL.5432").unlink()

    with pytest.raises(PostgresUnavailableError, match=rf"in another way \(process {running.pid}\) uses"):
        server.url()

    assert running.is_running()
    running.send_signal(signal.SIGINT)
    wait_until(lambda: running.status() == psutil.STATUS_ZOMBIE)


def test_gives_the_same_finding_each_time_when_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with new_folder() as folder:
        monkeypatch.setattr(postgres, "home", lambda _project: folder)
        data = folder / "data"
        data.mkdir(mode=0o700)
        (data / "PG_VERSION").write_text("7")
        for path in (data, data / "PG_VERSION"):
            os.chown(path, *server_owner.owner_of(folder / "new"))

        said = []
        for _ in range(2):
            with pytest.raises(GateError) as raised, scratch_databases():
                pass
            said.append(str(raised.value))
        postgres.embedded_server(folder).release()

    missing = f'postgres: could not access the server configuration file "{data / "postgresql.conf"}"'
    sentence = (
        f"The embedded PostgreSQL did not start ({missing}: No such file or directory). "
        f"Read its log, {data / 'log'}, or remove {folder} to start with an empty server."
    )
    assert said == [sentence, sentence]


def test_leaves_nothing_half_made_when_initdb_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "INITDB_OPTIONS", ("--locale=nowhere",))
    with new_folder() as folder:
        server = EmbeddedServer(folder)

        with pytest.raises(
            PostgresUnavailableError, match=r'could not be created .*invalid locale name "nowhere"'
        ):
            server.url()

        assert not server.data.exists()
        server.release()


def test_says_so_when_it_never_answers(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "START_TIMEOUT", 0.0)

    with pytest.raises(PostgresUnavailableError, match=r"did not start \(connection is bad"):
        server.url()


def test_says_so_when_its_files_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PostgresUnavailableError, match=r"its files \(.*\). Make them accessible, or name"):
        EmbeddedServer(tmp_path / "file/.postgres").url()


def test_says_so_when_the_user_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)

    with pytest.raises(PostgresUnavailableError, match="The user id 4321 has no entry"):
        EmbeddedServer(tmp_path / "new").url()

    assert not (tmp_path / "new").exists()


def test_says_so_when_root_has_no_user_for_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(server_owner, "SYSTEM_USER", "pau2:cannot:be:added")

    with pytest.raises(PostgresUnavailableError, match="refuses to run as root, and the user pau2:cannot:be"):
        EmbeddedServer(tmp_path / "new").url()

    assert not (tmp_path / "new").exists()


def test_refuses_socket_folder_when_another_user_owns_it(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "a, b")
    uid, _ = server_owner.owner_of(server.data)
    folder = Path("/", "tmp", f"pau2-{uid}-{server_folders.digest(server.data)}")
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        with pytest.raises(PostgresUnavailableError, match=f"{folder} belongs to another user"):
            server.url()
    finally:
        folder.rmdir()
        server.release()


@pytest.mark.parametrize("deaf", [False, True])
def test_keeps_a_program_until_it_is_not_used(
    tmp_path: Path, deaf: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_TIMEOUT", 0.5)
    users = tmp_path / "users.lock"
    log = tmp_path / "log"
    with users.open("w") as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        lock = os.open(tmp_path / "server.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        ignore = f"import signal; {deaf} and signal.signal(signal.SIGINT, signal.SIG_IGN); "
        program = [sys.executable, "-c", f"{ignore}import os; print(os.getpid(), flush=True); {SLEEP}"]
        arguments = [users, lock, log, os.geteuid(), os.getegid(), *program]
        keeping = threading.Thread(target=supervisor.main, args=[[str(each) for each in arguments]])
        keeping.start()
        wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
        process = psutil.Process(int(log.read_text()))
        assert process.is_running()
    keeping.join(WITHIN)

    assert not keeping.is_alive()
    assert not process.is_running()


def test_copies_the_programs_when_the_server_cannot_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / programs.PACKAGE
    program = installed / programs.BINARIES / "postgres"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o700)
    program.with_name("postmaster").symlink_to("postgres")
    (tmp_path / "place/programs-1.0").mkdir(parents=True)
    monkeypatch.setattr(programs, "installed_package", lambda: installed)

    first, second = (programs.world_readable_programs(tmp_path / "place") for _ in range(2))

    assert first == second
    assert (first / "postgres").stat().st_mode & 0o777 == 0o755
    assert (first / "postmaster").readlink() == Path("postgres")
    assert [path.name for path in (tmp_path / "place").iterdir()] == [first.parents[2].name]


def test_copies_programs_when_a_shell_would_misread_their_path() -> None:
    with programs.shell_safe_programs(Path("/home/$HOME/bin")) as copy:
        asked = subprocess.run([copy / "initdb", "--version"], capture_output=True, check=True, text=True)

    assert asked.stdout.startswith("initdb (PostgreSQL) 18.")
    assert not copy.exists()
    with programs.shell_safe_programs(Path("/home/bin")) as same:
        assert same == Path("/home/bin")


def test_stops_when_its_files_were_removed() -> None:
    with new_folder() as folder:
        server = EmbeddedServer(folder / "place")
        server.url()
        running = server.postmaster()
        assert running
        shutil.rmtree(server.place)

        server.release()

        running.wait(WITHIN)


def test_runs_no_server_when_its_folder_is_not_there(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "nothing")

    assert not server.is_running()
    server._stop_without_supervisor()


def test_moves_socket_to_own_folder_when_path_is_unusual(tmp_path: Path) -> None:
    data = tmp_path / "a b,c" / "data"

    folder = server_folders.socket_folder(data, os.geteuid())

    assert (folder.parent, folder.stat().st_mode & 0o777) == (Path("/", "tmp"), 0o700)
    assert server_folders.socket_folder(data, os.geteuid()) == folder
    folder.rmdir()


def test_is_run_by_this_user_when_it_is_not_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    monkeypatch.setattr(os, "getegid", lambda: 4322)

    assert server_owner.owner_of(tmp_path) == (4321, 4322)


def test_is_run_by_its_own_user_when_that_user_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: server_owner.ROOT)
    monkeypatch.setattr(server_owner, "SYSTEM_USER", "daemon")

    assert server_owner.owner_of(tmp_path / "new") == (
        pwd.getpwnam("daemon").pw_uid,
        pwd.getpwnam("daemon").pw_gid,
    )


def test_makes_no_user_when_no_program_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **_options: None)
    monkeypatch.setattr(server_owner, "SYSTEM_USER", "pau2-is-not-there")

    with pytest.raises(PostgresUnavailableError, match="the user pau2-is-not-there could not be added"):
        server_owner._create_user()
