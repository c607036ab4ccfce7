"""R05, R18: dependencies, what is known about them, and ways to a schema beside the revisions."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import DEV_LOCK, PYPROJECT, REPOSITORY, RUNTIME, RUNTIME_LOCK
from tests.gates.support.fake_audit_tools import VULNERABLE
from tests.gates.support.minimal import lock
from tests.gates.support.sample_project import RULE_BOOK, Twin

REVISION = "write a revision"
PEEWEE = lock("peewee==1.0")


def with_attrs(twin: Twin) -> None:
    """Pin a package in production and in the tests, where uv would write it."""
    for name in (RUNTIME_LOCK, DEV_LOCK):
        twin.write(name, lock("attrs==1.0") + (twin.root / name).read_text())


ENTRIES = [
    Violation(
        what="a second ORM, asked for and locked",
        gate="stack",
        change=lambda twin: (
            twin.append(RUNTIME, "peewee\n").append(RUNTIME_LOCK, PEEWEE).append(DEV_LOCK, PEEWEE)
        ),
        file=RUNTIME,
        line="peewee",
        says="peewee is not in [stack] runtime",
        fix="remove it, or list it in",
    ),
    Violation(
        what="a second ORM, declared as well",
        gate="stack",
        change=lambda twin: (
            twin.append(RUNTIME, "peewee\n")
            .append(RUNTIME_LOCK, PEEWEE)
            .append(DEV_LOCK, PEEWEE)
            .rule('runtime = ["fastapi"', 'runtime = ["peewee", "fastapi"')
        ),
        file=RUNTIME_LOCK,
        line="peewee",
        says="peewee competes with the stack, whatever brings it in",
        fix="drop what brings it in",
        also=("change-control",),
    ),
    Violation(
        what="a dependency by its address",
        gate="stack",
        change=lambda twin: twin.append(RUNTIME, "orm @ https://example.org/orm.whl\n"),
        file=RUNTIME,
        line="orm @",
        says="addresses and options are refused",
        fix="ask for it by name",
    ),
    Violation(
        what="a package without a hash",
        gate="stack",
        change=lambda twin: twin.append(DEV_LOCK, "attrs==1.0\n"),
        file=DEV_LOCK,
        line="attrs",
        says="neither a pinned version nor its hash",
        fix="./noxw -s lock",
    ),
    Violation(
        what="a package that nothing asks for, in both locks",
        gate="stack",
        change=with_attrs,
        file=RUNTIME_LOCK,
        line="attrs",
        says="nothing asks for attrs, but it would be installed",
        fix="./noxw -s lock removes it",
    ),
    Violation(
        what="a dependency in the project's metadata",
        gate="stack",
        change=lambda twin: twin.replace(
            PYPROJECT, "[tool.setuptools", '[dependency-groups]\nmore = ["peewee"]\n\n[tool.setuptools'
        ),
        file=PYPROJECT,
        says="dependencies stand outside requirements/*.in",
        fix="ask for them in requirements/*.in",
    ),
    Violation(
        what="the stack without its ORM",
        gate="stack",
        change=lambda twin: twin.rule('orm = "sqlalchemy"', 'orm = "peewee"'),
        file=RULE_BOOK,
        line="[stack]",
        says="peewee is the stack's own choice",
        fix="restore it",
        also=("change-control",),
    ),
    Violation(
        what="a library that is there by chance",
        gate="stack",
        change=lambda twin: twin.replace(
            REPOSITORY, "from sqlalchemy", "import greenlet\nfrom sqlalchemy"
        ).append(REPOSITORY, "    local = greenlet\n"),
        file=REPOSITORY,
        line="import greenlet",
        says="'greenlet' imported but it is a transitive dependency [DEP003]",
        fix="ask for it in requirements/runtime.in",
        also=("imports", "types"),
    ),
    Violation(
        what="tables from the models",
        gate="stack",
        change=lambda twin: twin.append(
            REPOSITORY,
            "\n    @staticmethod\n    def make(metadata: Table) -> None:\n        metadata.create_all()\n",
        ),
        file=REPOSITORY,
        line="create_all",
        says="create_all changes the schema without a revision",
        fix=REVISION,
        also=("types",),
    ),
    Violation(
        what="a column by hand, behind a comment",
        gate="stack",
        change=lambda twin: twin.append(REPOSITORY, '    sql = "/* now */ ALTER TABLE news ADD x int"\n'),
        file=REPOSITORY,
        line="ALTER TABLE",
        says="ALTER TABLE changes the schema without a revision",
        fix=REVISION,
    ),
    Violation(
        what="a table by hand, as the second statement",
        gate="stack",
        change=lambda twin: twin.append(REPOSITORY, '    sql = "SELECT 1; CREATE TABLE x (y int)"\n'),
        file=REPOSITORY,
        line="CREATE TABLE",
        says="CREATE TABLE changes the schema without a revision",
        fix=REVISION,
    ),
    Violation(
        what="a schema that SQLAlchemy makes",
        gate="stack",
        change=lambda twin: twin.replace(REPOSITORY, "import Table", "import CreateSchema, Table").append(
            REPOSITORY, '    archive = CreateSchema("archive")\n'
        ),
        file=REPOSITORY,
        line="archive =",
        says="CreateSchema changes the schema without a revision",
        fix=REVISION,
        also=("types",),
    ),
    Violation(
        what="a script of SQL",
        gate="stack",
        change=lambda twin: twin.write("docs/repair.sql", "DROP TABLE news;\n"),
        file="docs/repair.sql",
        says="SQL outside backend/alembic/ changes the schema unseen",
        fix=REVISION,
    ),
    Violation(
        what="a requirement that nothing imports",
        gate="stack",
        change=lambda twin: (
            twin.append(RUNTIME, "structlog\n")
            .append(RUNTIME_LOCK, lock("structlog==1.0"))
            .append(DEV_LOCK, lock("structlog==1.0"))
            .rule('runtime = ["fastapi"', 'runtime = ["structlog", "fastapi"')
        ),
        file=RUNTIME,
        says="[DEP002]",
        fix="remove it, or declare why it stays",
        also=("change-control",),
    ),
    Violation(
        what="a version with a known vulnerability",
        gate="vulnerabilities",
        change=lambda twin: twin.replace(RUNTIME_LOCK, "fastapi==1.0", VULNERABLE).replace(
            DEV_LOCK, "fastapi==1.0", VULNERABLE
        ),
        file=RUNTIME_LOCK,
        line=VULNERABLE,
        says="production installs fastapi 0.9: CVE-1, GHSA-1: It answers anybody.",
        fix="mended in 1.0",
    ),
]
