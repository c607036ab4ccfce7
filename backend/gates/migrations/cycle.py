"""The gate `migration-cycle`: every revision down and up again, on a real PostgreSQL with rows."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from devtools.databases import ScratchDatabases
from gates.migrations.alembic_process import AlembicError, Run, alembic_runner
from gates.migrations.revisions import Revision, ordered_revisions
from gates.migrations.schema_dump import Schema, Table, differences, rows_of, schema_of, scratch_databases
from gates.migrations.seeding import seed
from gates.model import Finding, Outcome, Project

ENVIRONMENT = "backend/alembic/env.py"
FIX_DOWNGRADE = 'repair downgrade, or declare IRREVERSIBLE = "why there is no way back"'
FIX_ROWS = "change the rows in this revision before the constraint that they break"

TablesByOid = Mapping[int, Table]
Columns = set[tuple[int, int]]


def check(project: Project) -> Outcome:
    """R11: every revision goes down and up again without losing rows.

    Why: A way back that loses data is found when it is needed, in an incident.
    Refuses: Revisions that fail on a database with rows, do not restore the schema, or lose or change rows.
    Instead: Undo in `downgrade` what `upgrade` does. Fill new columns with a value for existing rows.
    Exceptions: IRREVERSIBLE = "reason" in the revision.
    """
    revisions = ordered_revisions(project)
    findings: list[Finding] = []
    with scratch_databases() as scratch, alembic_runner(project) as run:
        trip = RoundTrip(scratch, run, scratch.create_database())
        for revision in revisions:
            try:
                findings += [_finding(revision, message, FIX_DOWNGRADE) for message in trip.step(revision)]
            except AlembicError as error:
                message = f"it cannot upgrade a database that has rows: {error}"
                return Outcome(findings=[*findings, _finding(revision, message, FIX_ROWS)])
        findings += _check_lock_timeout(project, run("lock_timeout", trip.url))
    return Outcome(findings=findings, checked=len(revisions), note=_note(revisions, trip.unfilled))


@dataclass
class RoundTrip:
    """One database on its way from empty to head, with rows in every table at each revision."""

    scratch: ScratchDatabases
    run: Run
    url: str
    schema: Schema = field(default_factory=dict)
    unfilled: list[str] = field(default_factory=list)

    def step(self, revision: Revision) -> list[str]:
        """Upgrade to a revision, downgrade, upgrade again, and return what that loses.

        After a loss the trip goes on in a new database, so that the next revision is judged by itself.
        Raises AlembicError when the upgrade fails.
        """
        schema = self.schema
        tables = rows_of(self.url)
        self.run("upgrade", self.url, revision.id)
        self.schema = schema_of(self.url)
        lost: list[str] = []
        if not revision.irreversible:
            lost = self._down_and_up(revision, schema, tables)
        if lost:
            self.url = self.scratch.create_database()
            self.run("upgrade", self.url, revision.id)
        self.unfilled = seed(self.url)
        return lost

    def _down_and_up(self, revision: Revision, schema: Schema, tables: TablesByOid) -> list[str]:
        upgraded = rows_of(self.url)
        kept = _columns(tables) & _columns(upgraded)
        try:
            self.run("downgrade", self.url, revision.down or "base")
            lost = [
                f"downgrade leaves of {name} {after}, before the upgrade it was {before}"
                for name, before, after in differences(schema, schema_of(self.url))
            ]
            lost += _lost("downgrade", tables, rows_of(self.url), kept)
            if lost:
                return lost
            self.run("upgrade", self.url, revision.id)
        except AlembicError as error:
            return [f"the way down and up again fails: {error}"]
        again = [
            f"the second upgrade makes of {name} {after}, the first made {before}"
            for name, before, after in differences(self.schema, schema_of(self.url))
        ]
        return [*again, *_lost("the second upgrade", upgraded, rows_of(self.url), kept)]


def _columns(tables: TablesByOid) -> Columns:
    return {(oid, number) for oid, table in tables.items() for number in table.columns}


def _lost(step: str, before: TablesByOid, after: TablesByOid, kept: Columns) -> Iterator[str]:
    """Yield the losses of a step in columns that the upgrade keeps. A step may add rows."""
    there = _columns(after)
    for oid, table in before.items():
        numbers = [number for number in table.columns if (oid, number) in kept]
        gone = [table.columns[number] for number in numbers if (oid, number) not in there]
        if gone:
            yield f"{step} drops {table.name}.{', '.join(gone)}, which the upgrade keeps, and its values"
        elif numbers:
            missing = _selected(table, numbers) - _selected(after[oid], numbers)
            if missing:
                yield f"{step} loses or changes {missing.total()} of {len(table.rows)} rows of {table.name}"


def _selected(table: Table, numbers: list[int]) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(row[number] for number in numbers) for row in table.rows)


def _check_lock_timeout(project: Project, timeout: object) -> Iterator[Finding]:
    limit = 1000 * project.rulebook["migrations"]["lock-timeout-seconds"]
    if timeout not in range(1, limit + 1):
        message = f"revisions wait {timeout} ms for a lock (0: for ever) while requests queue behind them"
        fix = f"set lock_timeout to at most {limit} ms where env.py connects"
        yield Finding(file=ENVIRONMENT, message=message, fix=fix)


def _note(revisions: list[Revision], unfilled: list[str]) -> str:
    """Describe the untested parts: revisions without a downgrade, tables that refused a generated row."""
    final = [f"{revision.file}: {revision.irreversible}" for revision in revisions if revision.irreversible]
    note = f"irreversible: {'; '.join(final)}" if final else f"{len(revisions)} revisions, all reversible"
    return f"{note}; no rows for {', '.join(unfilled)}" if unfilled else note


def _finding(revision: Revision, message: str, fix: str) -> Finding:
    return Finding(file=revision.file, message=message, fix=fix)
