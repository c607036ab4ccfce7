"""The commands of the worker process, called here, on a real PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.util import CommandError

from gates.migrations import alembic_commands
from gates.migrations.alembic_process import AlembicError, _call
from gates.migrations.schema_dump import differences, schema_of, scratch_databases
from tests.gates.support.parts.migrations import ENV, FILES
from tests.gates.support.sample_project import SampleProject

BACKEND = Path(__file__).resolve().parents[3]


@pytest.fixture
def url(sample: SampleProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, text in FILES.items():
        sample.write(name, text)
    monkeypatch.chdir(sample.root / "backend")
    with scratch_databases() as scratch:
        made = scratch.create_database()
        monkeypatch.setenv("DATABASE_URL", made)
        yield made


def test_goes_up_and_down_when_asked(url: str) -> None:
    alembic_commands.upgrade(url, "head")
    alembic_commands.check(url)
    assert "TABLE neighbours" in schema_of(url)
    alembic_commands.downgrade(url, "base")
    assert schema_of(url) == {}


def test_lists_the_models_tables_when_the_page_asks(url: str) -> None:
    (table,) = alembic_commands.tables(url)

    assert (table["name"], len(table["columns"])) == ("neighbours", 7)
    assert table["columns"][0] == {
        "name": "id",
        "type": "INTEGER",
        "primary": True,
        "nullable": False,
        "refers_to": "",
    }
    assert [column["name"] for column in table["columns"] if column["refers_to"] == "neighbours"] == [
        "host_id"
    ]


def test_makes_the_same_from_models_as_from_revisions(url: str) -> None:
    alembic_commands.upgrade(url, "head")
    migrated = schema_of(url)
    alembic_commands.downgrade(url, "base")
    alembic_commands.create_models(url, ["procrastinate.schema:SchemaManager.get_schema"])
    names = {name for name, _, _ in differences(migrated, schema_of(url))}
    assert {name for name in names if "procrastinate" not in name} == set()
    assert "TABLE procrastinate_jobs" in names


def test_refuses_check_when_models_have_more(url: str, sample: SampleProject) -> None:
    alembic_commands.upgrade(url, "head")
    sample.replace(
        ENV, '    sa.Column("phone", sa.Text),', '    sa.Column("phone", sa.Text), sa.Column("x", sa.Text),'
    )
    with pytest.raises(CommandError, match="add_column"):
        alembic_commands.check(url)


def test_tells_the_lock_timeout_of_the_environment(url: str) -> None:
    assert alembic_commands.lock_timeout(url) == 2000


@pytest.mark.usefixtures("url")
def test_prints_sql_without_a_database() -> None:
    assert "CREATE TABLE neighbours" in alembic_commands.offline_sql("base:first")


@pytest.mark.usefixtures("url")
def test_keeps_the_statements_of_a_revision_apart() -> None:
    statements = alembic_commands.offline_statements("base:first")

    assert [statement for statement in statements if "ix_" in statement] == [
        "CREATE UNIQUE INDEX ix_phone ON neighbours (phone) WHERE phone <> '';",
        "CREATE INDEX ix_name ON neighbours (name);",
    ]
    assert all(statement.strip() for statement in statements)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("upgrade", "nowhere"), "CommandError: Can't locate revision identified by 'nowhere'"),
        (("downgrade", "-1"), "CommandError: Relative revision -1 didn't produce 1 migrations"),
    ],
)
def test_says_why_in_one_line_when_a_command_fails(
    url: str, arguments: tuple[str, str], message: str
) -> None:
    name, revision = arguments
    with pytest.raises(AlembicError) as caught:
        _call(name, url, revision)
    assert str(caught.value) == message


def test_drops_libpq_variables_when_the_worker_starts() -> None:
    imports = "import os; from gates.migrations.alembic_process import _enter"
    program = f"{imports}; _enter('.'); print(os.getenv('PGPORT'))"

    started = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BACKEND,
        env=os.environ | {"PGPORT": "5433"},
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert started.stderr == "None\n"
