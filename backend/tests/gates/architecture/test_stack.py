import shutil

import pytest

from gates.architecture.stack import check
from gates.model import Finding, GateError
from tests.gates.cases.runner import without_repetition
from tests.gates.support.minimal import installed, lock
from tests.gates.support.sample_project import RULE_BOOK, Twin

RUNTIME = "backend/requirements/runtime.in"
LOCK = "backend/requirements/dev.txt"
MODULE = "backend/app/infrastructure/database/news.py"


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    without_repetition(monkeypatch)


def only(twin: Twin) -> Finding:
    """Return the one finding, of the gate's whole output."""
    (finding,) = check(twin.project).findings
    return finding


def append(twin: Twin, name: str, text: str) -> None:
    path = twin.root / name
    twin.write(name, (path.read_text() if path.exists() else "") + text)


def install(twin: Twin, pin: str, *asks: str) -> None:
    """Put the metadata of a version into the twin's environment."""
    for name, metadata in installed(pin, *asks).items():
        twin.write(name, metadata)


def test_passes_when_locks_hold_the_stack(twin: Twin) -> None:
    outcome = check(twin.project)

    assert (outcome.findings, outcome.note) == ([], "3 dependencies asked for")


@pytest.mark.parametrize(
    ("file", "added", "line", "message"),
    [
        (RUNTIME, "Pony.ORM >=1\n", 3, "pony-orm is not in [stack] runtime"),
        (RUNTIME, "--index-url https://example.org\n", 3, "is no name with an optional version"),
        (RUNTIME, "-r more.in\n", 3, "is no name with an optional version"),
        ("backend/requirements/dev.in", "mypy\n", 3, "mypy is not in [stack] dev"),
        (LOCK, "-e .\n", 7, "'-e .' is neither a pinned version nor its hash"),
        (LOCK, "attrs @ https://example.org/attrs.whl\n", 7, "is neither a pinned version nor its hash"),
    ],
)
def test_refuses_requirement_when_not_of_the_stack(
    twin: Twin, file: str, added: str, line: int, message: str
) -> None:
    append(twin, file, added)

    found = [finding for finding in check(twin.project).findings if message in finding.message]

    assert [(finding.file, finding.line) for finding in found] == [(file, line)]


def test_refuses_stack_entry_when_nothing_asks_for_it(twin: Twin) -> None:
    twin.rule('dev = ["ruff"]', 'dev = ["ruff", "mypy"]')

    assert (only(twin).file, only(twin).message) == (
        RULE_BOOK,
        "[stack] dev lists mypy, but backend/requirements/dev.in does not ask for it",
    )


def test_refuses_stack_when_its_own_choice_is_gone(twin: Twin) -> None:
    twin.rule('framework = "fastapi"', 'framework = "flask"')

    assert only(twin).message == "flask is the stack's own choice, but [stack] runtime does not list it"


def test_refuses_lock_when_requirement_is_missing(twin: Twin) -> None:
    twin.replace(LOCK, lock("ruff==1.0"), "")

    assert (only(twin).file, only(twin).message) == ("backend/requirements/dev.in", "ruff is not in the lock")


def test_refuses_lock_when_versions_differ_from_production(twin: Twin) -> None:
    twin.replace(LOCK, "sqlalchemy==2.0", "sqlalchemy==1.4")
    install(twin, "sqlalchemy==1.4")

    assert "sqlalchemy is 2.0 in production but not here" in only(twin).message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "twin"', 'name = "twin"\ndependencies = ["peewee"]'),
        ("requirements/runtime.in", "other.in"),
    ],
)
def test_refuses_metadata_when_it_asks_for_more(twin: Twin, old: str, new: str) -> None:
    twin.replace("backend/pyproject.toml", old, new)

    assert "dependencies stand outside requirements/*.in" in only(twin).message


@pytest.mark.parametrize(
    ("source", "file", "message"),
    [
        (
            "import nowhere_to_be_found\n",
            MODULE,
            "imported but missing from the dependency definitions [DEP001]",
        ),
    ],
)
def test_refuses_import_when_not_asked_for(twin: Twin, source: str, file: str, message: str) -> None:
    append(twin, file, source)

    assert (only(twin).file, only(twin).line) == (file, 9)
    assert message in only(twin).message


def test_refuses_requirement_when_nothing_imports_it_unless_declared(twin: Twin) -> None:
    append(twin, RUNTIME, "structlog\n")
    install(twin, "structlog==1.0")
    for name in ("runtime", "dev"):
        append(twin, f"backend/requirements/{name}.txt", lock("structlog==1.0"))
    twin.rule('runtime = ["fastapi", ', 'runtime = ["structlog", "fastapi", ')
    assert "not used in the codebase [DEP002]" in only(twin).message

    entry = '[[exclusions]]\nkind = "dependencies"\npath = "{}"\nrules = ["DEP002"]\nreason = "x"\n'
    twin.rule("[rules.R01]", entry.format("structlog") + "[rules.R01]")
    assert check(twin.project).findings == []

    twin.rule('path = "structlog"', 'path = "uvicorn"')
    assert len(check(twin.project).findings) == 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("from x import create_all\ncreate_all(engine)\n", "create_all changes the schema"),
        ("getattr(Table.metadata, 'create_all')(engine)\n", "create_all changes the schema"),
        ("from alembic import op\n", "alembic.op changes the schema"),
        ("from alembic.operations import Operations\n", "alembic.operations.Operations changes"),
        ("import sqlite3\n", "sqlite3 changes the schema"),
        ("run('-- note\\nALTER TABLE x ADD y int')\n", "ALTER TABLE changes the schema"),
        ("engine('ALTER  TABLE news ADD x int')\n", "ALTER TABLE changes the schema"),
        ("engine('''\n  create unique index x on news (y)''')\n", "create unique index changes the schema"),
        ("engine(f'DROP TABLE {Table}')\n", "DROP TABLE changes the schema"),
        ("DDL('x')\n", "DDL changes the schema"),
    ],
)
def test_refuses_code_when_it_changes_the_schema(twin: Twin, code: str, message: str) -> None:
    twin.write("backend/app/infrastructure/x.py", code)

    assert any(message in finding.message for finding in check(twin.project).findings)


def test_refuses_sql_file_when_outside_alembic(twin: Twin) -> None:
    twin.write("backend/alembic/versions/x.sql").write("backend/app/infrastructure/x.sql")

    assert only(twin).file == "backend/app/infrastructure/x.sql"


@pytest.mark.parametrize(
    "code",
    [
        "'create a table for two'\n",
        "'it begins to create tables'\n",
        "'SELECT 1'\n",
        "'drop me a line; create something'\n",
        "'CREATE DATABASE pau2_test_x'\n",
        "'TRUNCATE'\n",
    ],
)
def test_passes_when_text_is_no_schema_change(twin: Twin, code: str) -> None:
    twin.write("backend/app/infrastructure/x.py", code)

    assert check(twin.project).findings == []


def test_refuses_test_when_it_makes_tables_but_not_when_it_states_them(twin: Twin) -> None:
    twin.write("backend/tests/integration/test_x.py", "run('CREATE SCHEMA scratch')\n")
    assert check(twin.project).findings == []

    twin.write("backend/tests/integration/test_x.py", "Base.metadata.create_all(engine)\n")
    assert "create_all changes the schema" in only(twin).message


def test_cannot_run_when_deptry_breaks_down(twin: Twin) -> None:
    shutil.rmtree(twin.root / "backend/app")

    with pytest.raises(GateError, match="deptry could not run"):
        check(twin.project)
