"""The server that every session uses, found or started."""

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devtools import postgres

BACKEND = Path(__file__).resolve().parents[2]
ASK = """import os, psycopg
for name in ('DATABASE_URL', 'PAU2_MIGRATION_DATABASE_URL'):
    with psycopg.connect(os.environ[name]) as connection:
        print(*connection.execute("SELECT current_database(), rolname, rolsuper FROM pg_roles"
            " WHERE rolname = session_user").fetchone())"""
WHO = "pau2 pau2_runtime False\npau2 postgres True\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder below which everybody may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="pau2-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
    shutil.rmtree(outside(path), ignore_errors=True)


def outside(project: Path) -> Path:
    """Where files go that a private folder above the project, or above the programs, keeps from it."""
    return Path("/var/lib") / f"pau2-{postgres.digest(project)}"


def place(project: Path) -> Path:
    return outside(project) if outside(project).exists() else project / ".postgres"


def run_in(project: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `devtools.postgres` as a checkout at `project` would."""
    shutil.copytree(BACKEND / "devtools", project / "backend/devtools", dirs_exist_ok=True)
    variables = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "devtools.postgres", *command],
        cwd=project / "backend",
        env=variables | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_starts_a_server_with_the_development_database_when_there_is_none(folder: Path) -> None:
    result = run_in(folder, sys.executable, "-c", ASK)

    assert (result.returncode, result.stdout, result.stderr) == (0, WHO, "")
    assert (place(folder) / "data/PG_VERSION").exists()
    assert not (place(folder) / "data/postmaster.pid").exists()


def test_recovers_with_its_data_when_the_server_was_killed(folder: Path) -> None:
    kill = (
        "import os, psycopg, signal;"
        "c = psycopg.connect(os.environ['PAU2_MIGRATION_DATABASE_URL'], autocommit=True);"
        "c.execute('CREATE TABLE kept AS SELECT 1');"
        "data = c.execute('SHOW data_directory').fetchone()[0];"
        "os.kill(int(open(data + '/postmaster.pid').readline()), signal.SIGKILL)"
    )
    read = (
        "import os, psycopg;"
        "print(psycopg.connect(os.environ['PAU2_MIGRATION_DATABASE_URL']).execute('TABLE kept').fetchall())"
    )

    assert run_in(folder, sys.executable, "-c", kill).returncode == 0
    result = run_in(folder, sys.executable, "-c", read)

    assert (result.returncode, result.stdout) == (0, "[(1,)]\n")


def test_leaves_a_private_folder_private_when_the_project_is_below_it(
    folder: Path,
) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    project = private / "project"

    result = run_in(project, sys.executable, "-c", ASK)

    elsewhere = outside(project)
    assert (result.returncode, result.stdout) == (0, WHO)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert elsewhere.exists() == (os.geteuid() == 0)
    shutil.rmtree(elsewhere, ignore_errors=True)


def test_keeps_its_files_in_the_project_unless_a_private_folder_is_above_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "installed_package", lambda: folder / "open/package")
    (folder / "open/package/pginstall/bin").mkdir(parents=True)
    project = folder / "private/project"
    project.mkdir(parents=True)
    (folder / "private").chmod(0o700)
    monkeypatch.setattr(postgres, "PROJECT", folder / "open")
    inside = postgres.home()
    monkeypatch.setattr(postgres, "PROJECT", project)
    below, again = postgres.home(), postgres.home()
    copied = (outside(project) / "programs/package/pginstall/bin").exists()
    shutil.rmtree(outside(project), ignore_errors=True)

    is_root = os.geteuid() == 0
    assert inside == folder / "open/.postgres"
    assert (below, again) == ((outside(project) if is_root else project / ".postgres"),) * 2
    assert copied == is_root


def test_says_where_to_look_when_the_embedded_server_does_not_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(postgres, "PROJECT", folder)
    data = postgres.home() / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("7")
    (data / "log").write_text("")

    with pytest.raises(postgres.PostgresUnavailableError, match="did not start") as raised:
        postgres.server_url()

    assert str(data / "log") in str(raised.value)
    assert f"removing {data.parent} starts again from nothing" in str(raised.value)


def test_finds_the_installed_programs_when_a_copy_of_them_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = postgres.installed_package()
    shutil.copytree(before, tmp_path / before.name, ignore=shutil.ignore_patterns("pginstall"))
    monkeypatch.syspath_prepend(str(tmp_path))

    assert postgres.installed_package() == before
    assert (before / "pginstall/bin/pg_dump").exists()


def test_says_what_to_do_when_the_environment_has_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))

    with pytest.raises(postgres.PostgresUnavailableError, match=r"Run \./noxw -s env\."):
        postgres.installed_package()


def test_exits_with_2_and_one_line_when_there_is_no_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x")

    assert postgres.main(["true"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://localhost/x", "DATABASE_URL is not a PostgreSQL address."),
        (
            "postgresql://nobody@127.0.0.1:1/x",
            "DATABASE_URL names a server at 127.0.0.1:1 that",
        ),
    ],
)
def test_says_what_to_do_when_database_url_is_unusable(folder: Path, url: str, sentence: str) -> None:
    result = run_in(folder, "true", DATABASE_URL=url)

    assert result.returncode == 2
    assert result.stderr.startswith(f"postgres: {sentence}")
    assert "unset it to use the embedded server" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (folder / ".postgres").exists()


def test_uses_the_server_of_database_url_when_it_answers(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.replace("postgresql://", "postgresql+psycopg://"))

    assert postgres.development_variables() == {"DATABASE_URL": database_url}


def test_refuses_a_server_when_its_version_is_not_supported(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(postgres, "SUPPORTED", range(8, 10))

    with pytest.raises(postgres.PostgresUnavailableError, match=r"; 8 to 9 are supported\."):
        postgres.server_url()


def test_makes_the_development_database_and_its_role_when_they_are_missing(
    migration_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = migration_url.partition("?")[0].rpartition("/")[2] + "_development"
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "_embedded", lambda: migration_url)
    monkeypatch.setattr(postgres, "DATABASE", name)
    monkeypatch.setattr(postgres, "RUNTIME_ROLE", name)
    try:
        variables = postgres.development_variables()
        again = postgres.development_variables()
        with psycopg.connect(variables["DATABASE_URL"]) as connection:
            assert (connection.info.dbname, connection.info.user) == (name, name)
        with psycopg.connect(variables["PAU2_MIGRATION_DATABASE_URL"]) as connection:
            assert (connection.info.dbname, connection.info.user == name) == (name, False)
        assert again == variables
    finally:
        with psycopg.connect(migration_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"'.encode())
            connection.execute(f'DROP ROLE IF EXISTS "{name}"'.encode())


def test_forgets_dead_users_of_the_server(tmp_path: Path) -> None:
    handles = tmp_path / "handles.json"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    handles.write_text(f"[{dead.pid}, {os.getpid()}]")

    postgres.forget_dead_users(handles)

    assert handles.read_text() == f"[{os.getpid()}]"


def test_forgets_every_user_of_the_server_when_the_list_is_half_written(tmp_path: Path) -> None:
    handles = tmp_path / "handles.json"
    handles.write_text("[12")

    postgres.forget_dead_users(handles)

    assert handles.read_text() == "[]"


def test_returns_the_exit_code_of_the_command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    assert postgres.main([sys.executable, "-c", "raise SystemExit(7)"]) == 7
