"""The measurement of new revisions in two databases."""

import re
from typing import cast
from urllib.parse import urlsplit

import psycopg

from devtools.databases import ScratchDatabases
from gates.migrations.alembic_process import AlembicError, Run, alembic_runner
from gates.migrations.revisions import Revision
from gates.migrations.schema_dump import scratch_databases
from gates.migrations.seeding import seed
from gates.model import GateError, Project
from gates.report.pull_request.revision_costs import (
    MILLION,
    RevisionCost,
    known_costs,
    new_revisions,
    store_cost,
)
from gates.report.pull_request.sample_rows import fill
from gates.report.pull_request.statement_costs import run_statements, tables_of

WORD = re.compile(r"\w+")


def measured_costs(project: Project, rows: int = MILLION) -> list[RevisionCost]:
    """Return the new revisions, and measure them unless all are known. Raises GateError."""
    costs = known_costs(project, rows)
    if all(cost.statements is not None for cost in costs):
        return costs
    new = new_revisions(project)
    with scratch_databases() as scratch, alembic_runner(project) as run:
        try:
            measurement = _Measurement(scratch, run, new[0].down, rows)
            costs = [measurement.cost_of(revision) for revision in new]
        except (AlembicError, psycopg.Error) as error:
            raise GateError(f"The revisions cannot be measured: {str(error).splitlines()[0]}") from None
    for revision, cost in zip(new, costs, strict=True):
        store_cost(project, revision, rows, cost)
    return costs


class _Measurement:
    """Two databases that go from revision to revision: one with few rows, one with many.

    The small one shows which tables a revision uses, so that only those are filled in the large one.
    """

    def __init__(self, scratch: ScratchDatabases, run: Run, base: str | None, rows: int) -> None:
        self._run = run
        self._rows = rows
        self._filled: dict[int, int] = {}
        self._large = scratch.create_database()
        if base:
            run("upgrade", self._large, base)
        self._small = scratch.create_database(template=urlsplit(self._large).path.removeprefix("/"))

    def cost_of(self, revision: Revision) -> RevisionCost:
        """Run a revision on both databases, and return its cost on the large one."""
        result = self._run("offline_statements", f"{revision.down or 'base'}:{revision.id}")
        statements = cast("list[str]", result)
        costs = run_statements(self._small, statements)
        used = {table for cost in costs for table in (*cost.locks, *WORD.findall(cost.sql))}
        tables = {name: oid for oid, name in tables_of(self._large).items() if name in used}
        if tables.values() - self._filled.keys():
            seed(self._large)
        with psycopg.connect(self._large, autocommit=True) as connection:
            for oid in tables.values():
                self._filled[oid] = self._filled.get(oid) or fill(connection, oid, self._rows)
        costs = run_statements(self._large, statements)
        rows = {name: self._filled[oid] for name, oid in sorted(tables.items())}
        return RevisionCost(file=revision.file, rows=rows, statements=costs)
