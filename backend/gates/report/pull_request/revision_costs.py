"""The SQL of the revisions that a change adds, with its time and locks on tables of a million rows."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import cast
from urllib.parse import urlsplit

import psycopg

from devtools.databases import ScratchDatabases
from gates.migrations.alembic_process import AlembicError, Run, alembic_runner
from gates.migrations.revisions import Revision, files_at, ordered_revisions
from gates.migrations.schema_dump import scratch_databases
from gates.migrations.seeding import seed
from gates.model import GateError, Project
from gates.repo.git import merge_base
from gates.report.pull_request.sample_rows import fill
from gates.report.pull_request.statement_costs import StatementCost, run_statements, tables_of

MILLION = 1_000_000
WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class RevisionCost:
    """A new revision and its statements. `rows` are those of the tables that existed and that it uses.

    It was not measured when `statements` is None.
    """

    file: str
    rows: Mapping[str, int] = field(default_factory=dict)
    statements: Sequence[StatementCost] | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        return PurePosixPath(self.file).stem

    @property
    def seconds(self) -> float:
        """The seconds of all its statements."""
        return sum(statement.seconds for statement in self.statements or ())


def known_costs(project: Project, rows: int = MILLION) -> list[RevisionCost]:
    """Return the new revisions with what an earlier measurement found of them. Raises GateError."""
    return [
        _read(_place(project, revision, rows)) or RevisionCost(file=revision.file)
        for revision in _new(project)
    ]


def measured_costs(project: Project, rows: int = MILLION) -> list[RevisionCost]:
    """Return the new revisions, and measure them unless all are known. Raises GateError."""
    costs = known_costs(project, rows)
    if all(cost.statements is not None for cost in costs):
        return costs
    new = _new(project)
    with scratch_databases() as scratch, alembic_runner(project) as run:
        try:
            measurement = _Measurement(scratch, run, new[0].down, rows)
            costs = [measurement.cost_of(revision) for revision in new]
        except (AlembicError, psycopg.Error) as error:
            raise GateError(f"The revisions cannot be measured: {str(error).splitlines()[0]}") from None
    for revision, cost in zip(new, costs, strict=True):
        place = _place(project, revision, rows)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(asdict(cost), indent=1), encoding="utf-8")
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


def _new(project: Project) -> list[Revision]:
    """Return the revisions that the base does not have, in their order."""
    merged = files_at(project, merge_base(project).commit)
    return [revision for revision in ordered_revisions(project) if revision.file not in merged]


def _place(project: Project, revision: Revision, rows: int) -> Path:
    """Return where the cost of a revision is kept, for it and all revisions before it."""
    chain = ordered_revisions(project)
    before = chain[: chain.index(revision) + 1]
    text = "\0".join([str(rows), *(each.source for each in before)])
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return project.reports / f"revision-costs/{digest}.json"


def _read(place: Path) -> RevisionCost | None:
    try:
        fields = json.loads(place.read_text(encoding="utf-8"))
        statements = [StatementCost(**statement) for statement in fields.pop("statements")]
        return RevisionCost(**fields, statements=statements)
    except (OSError, ValueError, LookupError, TypeError):
        return None
