"""Revisions against a real PostgreSQL: they make what the models describe, and lead back without loss."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from devtools.databases import ScratchDatabases
from gates.migrations.alembic_process import AlembicError, Run, alembic_of
from gates.migrations.revisions import Revision, history
from gates.migrations.schema_dump import Schema, Table, differences, rows_of, schema_of, scratch_databases
from gates.migrations.seeding import seed
from gates.model import Finding, Outcome, Project
from gates.report.diagrams import TABLES

ENVIRONMENT = "backend/alembic/env.py"
ADD = './noxw -s revision -- "slug"; write by hand what it does not see'
BY_HAND = './noxw -s revision -- --empty "slug", and write the operations by hand: Alembic does not see them'
NAME_IT = (
    "name the table in backend/app/infrastructure/database/tables.py, or Alembic does not know it; "
    'only if it is to be dropped: ./noxw -s revision -- "slug"'
)
REPAIR = 'repair downgrade, or declare IRREVERSIBLE = "why there is no way back"'
MEND = "mend the revision or the model that the message names"
FILL_FIRST = "change the rows in this revision before the constraint that they break"

Rows = Mapping[int, Table]
Columns = set[tuple[int, int]]


def drift(project: Project) -> Outcome:
    """R10: revisions make the schema that the models describe, and ask for short locks.

    Why: A forgotten revision is noticed only in production, by a column that is missing.
    Refuses: Any difference between a migrated database and one made from the models, in Alembic's view and
        in pg_dump's; a lock timeout that is missing or too long.
    Instead: Run `./noxw -s revision -- "words"`, or correct the model.
    Exceptions: Schemas that a library brings, in [migrations] library-schemas.
    """
    last = history(project)[-1]
    with scratch_databases() as scratch, alembic_of(project) as run:
        migrated, described = scratch.create_database(), scratch.create_database()
        try:
            run("upgrade", migrated, "head")
            run("create_models", described, project.book["migrations"]["library-schemas"])
            _keep(project, run("tables", described))
        except AlembicError as error:
            return Outcome(findings=[_at(last, f"the schema cannot be made: {error}", MEND)])
        objects, models = schema_of(migrated), schema_of(described)
        seen = _seen(run, migrated)
    fix = _remedy(objects, models, seen)
    findings = [
        _at(last, f"{name}: revisions make {made}, models describe {meant}", fix)
        for name, made, meant in differences(objects, models)
    ]
    findings += [_at(last, f"alembic check: {seen}", fix)] if seen else []
    return Outcome(findings=findings, checked=len(objects), note=f"{len(objects)} database objects")


def _seen(run: Run, url: str) -> str:
    """Return the differences that Alembic sees, "" when there are none."""
    try:
        run("check", url)
    except AlembicError as error:
        return str(error)
    return ""


def _remedy(objects: Schema, models: Schema, seen: str) -> str:
    """Return what to do: a revision that Alembic writes would drop tables that the models lack."""
    if any(name.startswith("TABLE ") for name in objects.keys() - models.keys()):
        return NAME_IT
    return ADD if seen else BY_HAND


def _keep(project: Project, tables: object) -> None:
    """Leave the models' tables for the page of a full run, which draws them."""
    place = project.reports / TABLES
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(tables))


def cycle(project: Project) -> Outcome:
    """R11: every revision goes down and up again without losing rows.

    Why: A way back that loses data is found when it is needed, in an incident.
    Refuses: Revisions that fail on a database with rows, do not restore the schema, or lose or change rows.
    Instead: Undo in `downgrade` what `upgrade` does. Fill new columns with a value for existing rows.
    Exceptions: IRREVERSIBLE = "reason" in the revision.
    """
    revisions = history(project)
    findings: list[Finding] = []
    with scratch_databases() as scratch, alembic_of(project) as run:
        walk = Walk(scratch, run, scratch.create_database())
        for revision in revisions:
            try:
                findings += [_at(revision, message, REPAIR) for message in walk.step(revision)]
            except AlembicError as error:
                message = f"it cannot upgrade a database that has rows: {error}"
                return Outcome(findings=[*findings, _at(revision, message, FILL_FIRST)])
        findings += _impatience(project, run("lock_timeout", walk.url))
    return Outcome(findings=findings, checked=len(revisions), note=_note(revisions, walk.unfilled))


@dataclass
class Walk:
    """One database on its way from empty to head, with rows in every table at each revision."""

    scratch: ScratchDatabases
    run: Run
    url: str
    schema: Schema = field(default_factory=dict)
    unfilled: list[str] = field(default_factory=list)

    def step(self, revision: Revision) -> list[str]:
        """Upgrade to a revision, go back, upgrade again, and say what that loses.

        A revision that loses something does not spoil the next one's verdict: the walk goes on in a database
        that was never taken back. Raises AlembicError when the upgrade fails.
        """
        schema, rows = self.schema, rows_of(self.url)
        self.run("upgrade", self.url, revision.id)
        self.schema = schema_of(self.url)
        lost = [] if revision.irreversible else self._there_and_back(revision, schema, rows)
        if lost:
            self.url = self.scratch.create_database()
            self.run("upgrade", self.url, revision.id)
        self.unfilled = seed(self.url)
        return lost

    def _there_and_back(self, revision: Revision, schema: Schema, rows: Rows) -> list[str]:
        upgraded = rows_of(self.url)
        kept = _columns(rows) & _columns(upgraded)
        try:
            self.run("downgrade", self.url, revision.down or "base")
            lost = [
                f"downgrade leaves of {name} {after}, before the upgrade it was {before}"
                for name, before, after in differences(schema, schema_of(self.url))
            ]
            lost += _lost("downgrade", rows, rows_of(self.url), kept)
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


def _columns(tables: Rows) -> Columns:
    return {(oid, number) for oid, table in tables.items() for number in table.columns}


def _lost(step: str, before: Rows, after: Rows, kept: Columns) -> Iterator[str]:
    """Yield what a step loses of the columns that the upgrade keeps. It may add rows."""
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


def _impatience(project: Project, waits: object) -> Iterator[Finding]:
    limit = 1000 * project.book["migrations"]["lock-timeout-seconds"]
    if waits not in range(1, limit + 1):
        message = f"revisions wait {waits} ms for a lock (0: for ever) while requests queue behind them"
        fix = f"set lock_timeout to at most {limit} ms where env.py connects"
        yield Finding(file=ENVIRONMENT, message=message, fix=fix)


def _note(revisions: list[Revision], unfilled: list[str]) -> str:
    """Say what was not tried: revisions without a way back, tables that took no generic row."""
    final = [f"{revision.file}: {revision.irreversible}" for revision in revisions if revision.irreversible]
    note = f"irreversible: {'; '.join(final)}" if final else f"{len(revisions)} revisions, all reversible"
    return f"{note}; no rows for {', '.join(unfilled)}" if unfilled else note


def _at(revision: Revision, message: str, fix: str) -> Finding:
    return Finding(file=revision.file, message=message, fix=fix)
