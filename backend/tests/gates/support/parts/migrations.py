"""One revision. Its models are in env.py itself, so that every command reads them anew."""

import json
from typing import NamedTuple

from gates.model import Outcome
from tests.gates.support.sample_project import Part, SampleProject

VERSIONS = "backend/alembic/versions"
ENV = "backend/alembic/env.py"
LONG = 90
FIRST = f"{VERSIONS}/2026-01-10_neighbours.py"

TABLES = """[migrations]
imports = ["alembic", "sqlalchemy"]
lock-timeout-seconds = 4
library-schemas = []
[migrations.squawk-ignored]
prefer-robust-stmts = "one transaction each"
require-statement-timeout = "made with care"
prefer-bigint-over-int = "few neighbours"
"""

ENVIRONMENT = """import os

import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
neighbours = sa.Table(
    "neighbours",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, server_default="nobody"),
    sa.Column("status", sa.Enum("ACTIVE", "MOVED", name="neighbour_status"), nullable=False),
    sa.Column("age", sa.Integer, sa.CheckConstraint("age >= 0", name="ck_age"), nullable=False),
    sa.Column("doubled", sa.Integer, sa.Computed("age * 2", persisted=True)),
    sa.Column("host_id", sa.ForeignKey("neighbours.id", name="fk_host", deferrable=True)),
    sa.Column("phone", sa.Text),
    sa.Index("ix_name", "name"),
    sa.Index("ix_phone", "phone", unique=True, postgresql_where=sa.text("phone <> ''")),
)
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.execute("SET lock_timeout = '2s'")
        context.run_migrations()
else:
    url = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:")
    options = {"options": "-c lock_timeout=2s"}
    with sa.create_engine(url, poolclass=sa.NullPool, connect_args=options).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
        with context.begin_transaction():
            context.run_migrations()
"""

CREATE = """CREATE TABLE neighbours (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL DEFAULT 'nobody',
    status neighbour_status NOT NULL,
    age integer NOT NULL CONSTRAINT ck_age CHECK (age >= 0),
    doubled integer GENERATED ALWAYS AS (age * 2) STORED,
    host_id integer CONSTRAINT fk_host REFERENCES neighbours DEFERRABLE,
    phone text
)"""
PHONE_INDEX = "CREATE UNIQUE INDEX ix_phone ON neighbours (phone) WHERE phone <> ''"


def revision(id: str, down: str | None, up: list[str], back: list[str], *, head: str = "") -> str:
    """Return the source of a revision that executes statements, formatted."""
    body = ("\n    ".join(map(_execute, part)) for part in (up, back))
    follows = json.dumps(down) if down else None
    return (
        f'from alembic import op\n\nrevision = "{id}"\ndown_revision = {follows}\n{head}\n\n'
        "def upgrade() -> None:\n    {}\n\n\ndef downgrade() -> None:\n    {}\n".format(*body)
    )


def _execute(statement: str) -> str:
    text = json.dumps(statement)
    return f"op.execute({text})" if len(text) < LONG else f"op.execute(\n        {text}\n    )"


FILES = {
    ENV: ENVIRONMENT,
    FIRST: revision(
        "first",
        None,
        [
            "CREATE TYPE neighbour_status AS ENUM ('ACTIVE', 'MOVED')",
            CREATE,
            PHONE_INDEX,
            "CREATE INDEX ix_name ON neighbours (name)",
        ],
        ["DROP TABLE neighbours", "DROP TYPE neighbour_status"],
    ),
}
MIGRATIONS = Part(FILES, TABLES)


class Step(NamedTuple):
    """A revision on top of the others, and the start of the gate's message ("" when it passes)."""

    slug: str
    up: list[str]
    back: list[str]
    message: str = ""

    @property
    def file(self) -> str:
        return f"{VERSIONS}/2026-01-11_{self.slug}.py"


def write_steps(sample: SampleProject, *steps: Step, head: str = "") -> SampleProject:
    """Write one revision after the other, the first on top of the project's own."""
    down = "first"
    for step in steps:
        sample.write(step.file, revision(step.slug, down, step.up, step.back, head=head))
        down = step.slug
    return sample


def messages(outcome: Outcome) -> list[str]:
    """Return each finding with its file."""
    return [f"{finding.file}: {finding.message}" for finding in outcome.findings]
