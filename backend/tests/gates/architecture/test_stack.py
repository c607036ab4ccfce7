import shutil

import pytest

from gates.architecture.stack import check
from gates.model import Finding, GateError
from tests.gates.cases.runner import cache_tool_runs
from tests.gates.support.parts.application import installed, lock
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

RUNTIME = "backend/requirements/runtime.in"
LOCK = "backend/requirements/dev.txt"
MODULE = "backend/app/infrastructure/database/news.py"


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cache_tool_runs(monkeypatch)


def only(sample: SampleProject) -> Finding:
    """Return the one finding, of the gate's whole output."""
    (finding,) = check(sample.project).findings
    return finding


def append(sample: SampleProject, name: str, text: str) -> None:
    path = sample.root / name
    sample.write(name, (path.read_text() if path.exists() else "") + text)


def install(sample: SampleProject, pin: str, *asks: str) -> None:
    """Put the metadata of a version into the sample project's environment."""
    for name, metadata in installed(pin, *asks).items():
        sample.write(name, metadata)


def test_passes_when_locks_hold_the_stack(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.findings, outcome.note) == ([], "3 dependencies asked for")


@pytest.mark.parametrize(
    ("file", "added", "line", "message"),
    [
        (RUNTIME, "Pony.ORM >=1\n", 3, "pony-orm is not in [stack] runtime"),
        (RUNTIME, "--index-url https://example.org\n", 3, "is not a name with an optional version"),
        (RUNTIME, "-r more.in\n", 3, "is not a name with an optional version"),
        ("backend/requirements/dev.in", "mypy\n", 3, "mypy is not in [stack] dev"),
        (LOCK, "-e .\n", 7, "'-e .' is neither a pinned version nor its hash"),
        (LOCK, "attrs @ https://example.org/attrs.whl\n", 7, "is neither a pinned version nor its hash"),
    ],
)
def test_refuses_requirement_when_not_of_the_stack(
    sample: SampleProject, file: str, added: str, line: int, message: str
) -> None:
    append(sample, file, added)

    found = [finding for finding in check(sample.project).findings if message in finding.message]

    assert [(finding.file, finding.line) for finding in found] == [(file, line)]


def test_refuses_stack_entry_when_nothing_asks_for_it(sample: SampleProject) -> None:
    sample.rule('dev = ["ruff"]', 'dev = ["ruff", "mypy"]')

    assert (only(sample).file, only(sample).message) == (
        RULE_BOOK,
        "[stack] dev lists mypy, but backend/requirements/dev.in does not ask for it",
    )


def test_refuses_lock_when_requirement_is_missing(sample: SampleProject) -> None:
    sample.replace(LOCK, lock("ruff==1.0"), "")

    assert (only(sample).file, only(sample).message) == (
        "backend/requirements/dev.in",
        "ruff is not in the lock",
    )


def test_refuses_dev_lock_when_dev_omits_the_runtime(sample: SampleProject) -> None:
    sample.replace("backend/requirements/dev.in", "-r runtime.in\n", "")

    assert [(each.file, each.message) for each in check(sample.project).findings] == [
        (LOCK, "nothing asks for fastapi, but it would be installed"),
        (LOCK, "nothing asks for sqlalchemy, but it would be installed"),
    ]


def test_refuses_lock_when_versions_differ_from_production(sample: SampleProject) -> None:
    sample.replace(LOCK, "sqlalchemy==2.0", "sqlalchemy==1.4")
    install(sample, "sqlalchemy==1.4")

    assert "sqlalchemy is 2.0 in production but not here" in only(sample).message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "sample"', 'name = "sample"\ndependencies = ["peewee"]'),
        ("requirements/runtime.in", "other.in"),
    ],
)
def test_refuses_metadata_when_it_asks_for_more(sample: SampleProject, old: str, new: str) -> None:
    sample.replace("backend/pyproject.toml", old, new)

    assert "dependencies are listed outside requirements/*.in" in only(sample).message


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
def test_refuses_import_when_not_asked_for(
    sample: SampleProject, source: str, file: str, message: str
) -> None:
    append(sample, file, source)

    assert (only(sample).file, only(sample).line) == (file, 9)
    assert message in only(sample).message


def test_refuses_undeclared_requirement_when_nothing_imports_it(sample: SampleProject) -> None:
    append(sample, RUNTIME, "structlog\n")
    install(sample, "structlog==1.0")
    for name in ("runtime", "dev"):
        append(sample, f"backend/requirements/{name}.txt", lock("structlog==1.0"))
    sample.rule('runtime = ["fastapi", ', 'runtime = ["structlog", "fastapi", ')
    assert "not used in the codebase [DEP002]" in only(sample).message

    entry = '[[exclusions]]\nkind = "dependencies"\npath = "{}"\nrules = ["DEP002"]\nreason = "x"\n'
    sample.rule("[rules.R01]", entry.format("structlog") + "[rules.R01]")
    assert check(sample.project).findings == []

    sample.rule('path = "structlog"', 'path = "uvicorn"')
    assert len(check(sample.project).findings) == 2


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
def test_refuses_code_when_it_changes_the_schema(sample: SampleProject, code: str, message: str) -> None:
    sample.write("backend/app/infrastructure/x.py", code)

    assert any(message in finding.message for finding in check(sample.project).findings)


def test_passes_sql_file_when_it_belongs_to_a_revision(sample: SampleProject) -> None:
    sample.write("backend/alembic/versions/x.sql")

    assert check(sample.project).findings == []


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
def test_passes_when_text_is_no_schema_change(sample: SampleProject, code: str) -> None:
    sample.write("backend/app/infrastructure/x.py", code)

    assert check(sample.project).findings == []


def test_refuses_test_when_it_creates_tables(sample: SampleProject) -> None:
    sample.write("backend/tests/integration/test_x.py", "run('CREATE SCHEMA scratch')\n")
    assert check(sample.project).findings == []

    sample.write("backend/tests/integration/test_x.py", "Base.metadata.create_all(engine)\n")
    assert "create_all changes the schema" in only(sample).message


def test_cannot_run_when_deptry_breaks_down(sample: SampleProject) -> None:
    shutil.rmtree(sample.root / "backend/app")

    with pytest.raises(GateError, match="deptry could not run"):
        check(sample.project)
