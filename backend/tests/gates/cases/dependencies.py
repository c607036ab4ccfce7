"""R05, R18: dependencies, what is known about them, and ways to a schema beside the revisions."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.fake_audit_tools import VULNERABLE
from tests.gates.support.parts.application import DEV_LOCK, PYPROJECT, REPOSITORY, RUNTIME, RUNTIME_LOCK, lock
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

REVISION = "write a revision"
PEEWEE = lock("peewee==1.0")


def with_attrs(sample: SampleProject) -> None:
    """Pin a package in production and in the tests, where uv would write it."""
    for name in (RUNTIME_LOCK, DEV_LOCK):
        sample.write(name, lock("attrs==1.0") + (sample.root / name).read_text())


CASES = [
    InvalidCase(
        id="a second ORM, asked for and locked",
        gate="stack",
        change=lambda sample: (
            sample.append(RUNTIME, "peewee\n").append(RUNTIME_LOCK, PEEWEE).append(DEV_LOCK, PEEWEE)
        ),
        file=RUNTIME,
        line="peewee",
        message="peewee is not in [stack] runtime",
        fix="remove it, or list it in",
    ),
    InvalidCase(
        id="a second ORM, declared as well",
        gate="stack",
        change=lambda sample: (
            sample.append(RUNTIME, "peewee\n")
            .append(RUNTIME_LOCK, PEEWEE)
            .append(DEV_LOCK, PEEWEE)
            .rule('runtime = ["fastapi"', 'runtime = ["peewee", "fastapi"')
        ),
        file=RUNTIME_LOCK,
        line="peewee",
        message="peewee competes with the stack, whatever brings it in",
        fix="remove the package that requires it",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a dependency by its address",
        gate="stack",
        change=lambda sample: sample.append(RUNTIME, "orm @ https://example.org/orm.whl\n"),
        file=RUNTIME,
        line="orm @",
        message="addresses and options are refused",
        fix="write the package's name",
    ),
    InvalidCase(
        id="a package without a hash",
        gate="stack",
        change=lambda sample: sample.append(DEV_LOCK, "attrs==1.0\n"),
        file=DEV_LOCK,
        line="attrs",
        message="neither a pinned version nor its hash",
        fix="./noxw -s lock",
    ),
    InvalidCase(
        id="a package that nothing asks for, in both locks",
        gate="stack",
        change=with_attrs,
        file=RUNTIME_LOCK,
        line="attrs",
        message="nothing asks for attrs, but it would be installed",
        fix="./noxw -s lock removes it",
    ),
    InvalidCase(
        id="a dependency in the project's metadata",
        gate="stack",
        change=lambda sample: sample.replace(
            PYPROJECT, "[tool.setuptools", '[dependency-groups]\nmore = ["peewee"]\n\n[tool.setuptools'
        ),
        file=PYPROJECT,
        message="dependencies are listed outside requirements/*.in",
        fix="list them in requirements/*.in",
    ),
    InvalidCase(
        id="the stack without its ORM",
        gate="stack",
        change=lambda sample: sample.rule('orm = "sqlalchemy"', 'orm = "peewee"'),
        file=RULE_BOOK,
        line="[stack]",
        message="peewee is the stack's own choice, but [stack] runtime does not list it",
        fix="restore it",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a library that is there by chance",
        gate="stack",
        change=lambda sample: sample.replace(
            REPOSITORY, "from sqlalchemy", "import greenlet\nfrom sqlalchemy"
        ).append(REPOSITORY, "    local = greenlet\n"),
        file=REPOSITORY,
        line="import greenlet",
        message="'greenlet' imported but it is a transitive dependency [DEP003]",
        fix="ask for it in requirements/runtime.in",
        also_rejected_by=("imports", "types"),
    ),
    InvalidCase(
        id="tables from the models",
        gate="stack",
        change=lambda sample: sample.append(
            REPOSITORY,
            "\n    @staticmethod\n    def make(metadata: Table) -> None:\n        metadata.create_all()\n",
        ),
        file=REPOSITORY,
        line="create_all",
        message="create_all changes the schema without a revision",
        fix=REVISION,
        also_rejected_by=("types",),
    ),
    InvalidCase(
        id="a column by hand, behind a comment",
        gate="stack",
        change=lambda sample: sample.append(REPOSITORY, '    sql = "/* now */ ALTER TABLE news ADD x int"\n'),
        file=REPOSITORY,
        line="ALTER TABLE",
        message="ALTER TABLE changes the schema without a revision",
        fix=REVISION,
    ),
    InvalidCase(
        id="a table by hand, as the second statement",
        gate="stack",
        change=lambda sample: sample.append(REPOSITORY, '    sql = "SELECT 1; CREATE TABLE x (y int)"\n'),
        file=REPOSITORY,
        line="CREATE TABLE",
        message="CREATE TABLE changes the schema without a revision",
        fix=REVISION,
    ),
    InvalidCase(
        id="a schema that SQLAlchemy makes",
        gate="stack",
        change=lambda sample: sample.replace(REPOSITORY, "import Table", "import CreateSchema, Table").append(
            REPOSITORY, '    archive = CreateSchema("archive")\n'
        ),
        file=REPOSITORY,
        line="archive =",
        message="CreateSchema changes the schema without a revision",
        fix=REVISION,
        also_rejected_by=("types",),
    ),
    InvalidCase(
        id="a script of SQL",
        gate="stack",
        change=lambda sample: sample.write("docs/repair.sql", "DROP TABLE news;\n"),
        file="docs/repair.sql",
        message="SQL outside backend/alembic/ changes the schema unseen",
        fix=REVISION,
    ),
    InvalidCase(
        id="a requirement that nothing imports",
        gate="stack",
        change=lambda sample: (
            sample.append(RUNTIME, "structlog\n")
            .append(RUNTIME_LOCK, lock("structlog==1.0"))
            .append(DEV_LOCK, lock("structlog==1.0"))
            .rule('runtime = ["fastapi"', 'runtime = ["structlog", "fastapi"')
        ),
        file=RUNTIME,
        message="[DEP002]",
        fix="remove it, or declare why it stays",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a version with a known vulnerability",
        gate="vulnerabilities",
        change=lambda sample: sample.replace(RUNTIME_LOCK, "fastapi==1.0", VULNERABLE).replace(
            DEV_LOCK, "fastapi==1.0", VULNERABLE
        ),
        file=RUNTIME_LOCK,
        line=VULNERABLE,
        message="production installs fastapi 0.9: CVE-1, GHSA-1: It answers anybody.",
        fix="upgrade it, fixed in 1.0",
    ),
]
