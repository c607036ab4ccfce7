"""`./noxw -s app -- reset` drops and recreates the development database only."""

import io
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from devtools import application, fix, reset
from devtools.postgres import DATABASE, as_user
from tests.integration.temporary_checkouts import new_checkout, run_in
from tests.plugins.database import MigratedDatabases, database_of


@pytest.fixture
def url(migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with a row, named by DATABASE_URL."""
    url = migrated_databases.scratch.create_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'kept' AS text")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.delenv("PAU2_MIGRATION_DATABASE_URL", raising=False)
    monkeypatch.delenv("PAU2_ENVIRONMENT", raising=False)
    yield url
    migrated_databases.scratch.drop_database(database_of(url))


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {str(row[0]) for row in rows}


def test_recreates_database_with_all_revisions_when_confirmed(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = database_of(url)

    assert application.main(["reset", name, "--yes"]) == 0

    assert "notes" not in tables(url)
    assert {"alembic_version", "members"} <= tables(url)
    assert capsys.readouterr().out == (
        f"reset: {name} is new and empty. To fill it with demo data, run ./noxw -s dev.\n"
    )


def test_migrates_the_given_database_when_the_command_asks(url: str) -> None:
    assert application.main(["migrate"]) == 0

    assert {"notes", "alembic_version", "members"} <= tables(url)


def test_ends_with_the_code_of_the_migration_when_it_fails(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAU2_LOG_LEVEL", "LOUD")

    code = reset.main([database_of(url), "--yes"])

    printed = capfd.readouterr()
    assert (code, printed.out, tables(url)) == (2, "", set())
    assert "PAU2_LOG_LEVEL" in printed.err


@pytest.mark.parametrize("said", [[], ["other"], ["postgres"]])
def test_refuses_when_the_given_database_is_not_named(
    url: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reset.main([*said, "--yes"]) == 2

    assert tables(url) == {"notes"}
    assert f"add its name: ./noxw -s app -- reset {database_of(url)}. " in capsys.readouterr().err


def test_refuses_when_the_server_s_own_database_is_named(
    migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated_databases.scratch.server)

    with pytest.raises(reset.RefusedError):
        reset.target("postgres")


def test_refuses_when_the_two_addresses_name_different_databases(
    url: str, migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAU2_MIGRATION_DATABASE_URL", migrated_databases.scratch.server)

    assert reset.main([database_of(url), "--yes"]) == 2
    assert tables(url) == {"notes"}


def test_refuses_when_the_environment_is_production(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAU2_ENVIRONMENT", "production")

    assert reset.main([database_of(url), "--yes"]) == 2
    assert tables(url) == {"notes"}


def test_refuses_when_another_program_uses_the_database(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(url):
        assert reset.main([database_of(url), "--yes"]) == 2

    assert tables(url) == {"notes"}
    assert capsys.readouterr().err.startswith(f"reset: Another program uses {database_of(url)}. Stop ")


def test_refuses_when_the_role_does_not_own_the_database(
    url: str, migrated_databases: MigratedDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated_databases.scratch.create_role(url))

    assert reset.main([database_of(url), "--yes"]) == 2
    assert tables(url) == {"notes"}


def test_keeps_the_owner_when_another_role_remakes_the_database(
    url: str, migrated_databases: MigratedDatabases
) -> None:
    scratch = migrated_databases.scratch
    role = scratch.create_role(url).split("//")[1].split(":")[0]
    scratch.admin.execute(f'ALTER DATABASE "{database_of(url)}" OWNER TO "{role}"'.encode())

    reset.recreate(url)

    with psycopg.connect(as_user(url, role)) as connection:
        connection.execute("CREATE SCHEMA own")


def test_refuses_when_nobody_is_at_the_terminal(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{database_of(url)}\n"))

    assert reset.main([database_of(url)]) == 2

    assert tables(url) == {"notes"}
    assert capsys.readouterr().err.endswith("is unchanged. To drop it without a question, add --yes.\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "is_dropped"), [("yes", False), ("{name}", True)])
def test_asks_for_the_name_when_somebody_is_at_the_terminal(
    url: str, monkeypatch: pytest.MonkeyPatch, answer: str, *, is_dropped: bool
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer.format(name=database_of(url)) + "\n"))

    code = reset.main([database_of(url)])

    assert (code == 0, "notes" not in tables(url)) == (is_dropped, is_dropped)


def test_drops_database_of_own_checkout_when_server_is_embedded() -> None:
    with new_checkout("project") as project:
        read = "import os, psycopg; c = psycopg.connect(os.environ['PAU2_MIGRATION_DATABASE_URL']); "
        make = f"{read}c.execute('CREATE TABLE notes ()'); c.commit()"
        forget = "import os; del os.environ['DATABASE_URL']; "
        remake = f"{forget}from devtools import reset; reset.recreate(reset.target(None))"
        ask = f"{read}print(c.execute(\"SELECT to_regclass('notes')\").fetchone())"
        python = sys.executable

        steps = [run_in(project, python, "-c", step) for step in (make, remake, ask)]

    assert [(step.returncode, step.stderr) for step in steps] == [(0, "")] * 3
    assert steps[-1].stdout == "(None,)\n"


def test_refuses_another_name_when_the_server_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("PAU2_ENVIRONMENT", raising=False)

    with pytest.raises(reset.RefusedError, match="The development database is pau2, not other"):
        reset.target("other")


def test_refuses_when_there_is_no_server(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{port}/x")
    monkeypatch.delenv("PAU2_ENVIRONMENT", raising=False)

    assert reset.main(["x", "--yes"]) == 2

    assert capsys.readouterr().err.startswith("reset: The server at ")


def test_runs_command_of_the_application_when_it_is_not_reset(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert application.main(["create-admin", "--help"]) == 0

    assert "--email" in capfd.readouterr().out
    assert tables(url) == {"notes"}


@pytest.mark.parametrize(("modules", "code"), [([["missing"], ["platform"]], 1), ([["platform"]], 0)])
def test_stops_repairing_when_a_program_fails(
    modules: list[list[str]], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fix, "COMMANDS", modules)

    assert fix.main() == code


def test_drops_the_development_database_when_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PAU2_MIGRATION_DATABASE_URL", "PAU2_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)

    assert urlsplit(reset.target(None)).path == f"/{DATABASE}"
