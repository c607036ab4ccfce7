"""Finding or starting the server that every session uses."""

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devtools import postgres, programs
from devtools.embedded import EmbeddedServer
from devtools.errors import PostgresUnavailableError
from devtools.server_folders import home
from tests.integration.temporary_checkouts import new_checkout, outside, place, run_in

ASK = """import os, psycopg
for name in ('DATABASE_URL', 'PAU2_MIGRATION_DATABASE_URL'):
    with psycopg.connect(os.environ[name]) as connection:
        print(*connection.execute("SELECT current_database(), rolname, rolsuper FROM pg_roles"
            " WHERE rolname = session_user").fetchone())"""
WHO = "pau2 pau2_runtime False\npau2 postgres True\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    with new_checkout(".") as path:
        yield path


def test_starts_server_with_database_when_there_is_none(folder: Path) -> None:
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


def test_keeps_private_folder_private_when_project_is_below_it(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    project = private / "project"

    result = run_in(project, sys.executable, "-c", ASK)

    elsewhere = outside(project)
    assert (result.returncode, result.stdout) == (0, WHO)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert elsewhere.exists() == (os.geteuid() == 0)
    shutil.rmtree(elsewhere, ignore_errors=True)


def test_keeps_files_in_project_when_no_parent_is_private(folder: Path) -> None:
    project = folder / "private/project"
    project.mkdir(parents=True)
    (folder / "private").chmod(0o700)

    is_root = os.geteuid() == 0
    (folder / "open").mkdir()
    assert home(folder / "open") == folder / "open/.postgres"
    assert home(project) == (outside(project) if is_root else project / ".postgres")


def test_finds_installed_programs_when_a_copy_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = programs.installed_package()
    shutil.copytree(before, tmp_path / before.name, ignore=shutil.ignore_patterns("pginstall"))
    monkeypatch.syspath_prepend(str(tmp_path))

    assert programs.installed_package() == before
    assert (before / "pginstall/bin/pg_dump").exists()


def test_says_what_to_do_when_the_environment_has_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))

    with pytest.raises(PostgresUnavailableError, match=r"Run \./noxw -s env\."):
        programs.installed_package()


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
            "The server at 127.0.0.1:1, which DATABASE_URL names, cannot be used",
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
    monkeypatch.setattr(postgres, "SUPPORTED_VERSIONS", range(8, 10))

    with pytest.raises(PostgresUnavailableError, match=r"; 8 to 9 are supported\."):
        postgres.server_url()


def test_creates_database_and_role_when_they_are_missing(
    migration_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = migration_url.partition("?")[0].rpartition("/")[2] + "_development"
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(EmbeddedServer, "url", lambda _server: migration_url)
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


def test_returns_the_exit_code_of_the_command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    assert postgres.main([sys.executable, "-c", "raise SystemExit(7)"]) == 7
