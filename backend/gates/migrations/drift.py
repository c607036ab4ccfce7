"""The gate `migration-drift`: revisions make the schema that the models describe, on a real PostgreSQL."""

import json

from gates.migrations.alembic_process import AlembicError, Run, alembic_runner
from gates.migrations.revisions import Revision, ordered_revisions
from gates.migrations.schema_dump import Schema, differences, schema_of, scratch_databases
from gates.model import Finding, Outcome, Project
from gates.report.diagrams import TABLES

FIX_WITH_REVISION = './noxw -s revision -- "slug"; write by hand what it does not see'
FIX_BY_HAND = (
    './noxw -s revision -- --empty "slug", and write the operations by hand: Alembic does not see them'
)
FIX_TABLE_NAME = (
    "name the table in backend/app/infrastructure/database/tables.py, or Alembic does not know it; "
    'only if it is to be dropped: ./noxw -s revision -- "slug"'
)
FIX_NAMED = "correct the revision or the model that the message names"


def check(project: Project) -> Outcome:
    """R10: revisions make the schema that the models describe, and ask for short locks.

    Why: A forgotten revision is noticed only in production, by a column that is missing.
    Refuses: Any difference between a migrated database and one made from the models, in Alembic's view and
        in pg_dump's; a lock timeout that is missing or too long.
    Instead: Run `./noxw -s revision -- "words"`, or correct the model.
    Exceptions: Schemas that a library brings, in [migrations] library-schemas.
    """
    last = ordered_revisions(project)[-1]
    with scratch_databases() as scratch, alembic_runner(project) as run:
        migrated = scratch.create_database()
        described = scratch.create_database()
        try:
            run("upgrade", migrated, "head")
            run("create_models", described, project.rulebook["migrations"]["library-schemas"])
            _store_tables(project, run("tables", described))
        except AlembicError as error:
            return Outcome(findings=[_finding(last, f"the schema cannot be made: {error}", FIX_NAMED)])
        objects = schema_of(migrated)
        models = schema_of(described)
        alembic_differences = _alembic_differences(run, migrated)
    fix = _fix_for(objects, models, alembic_differences)
    findings = [
        _finding(last, f"{name}: revisions make {made}, models describe {meant}", fix)
        for name, made, meant in differences(objects, models)
    ]
    if alembic_differences:
        findings.append(_finding(last, f"alembic check: {alembic_differences}", fix))
    return Outcome(findings=findings, checked=len(objects), note=f"{len(objects)} database objects")


def _alembic_differences(run: Run, url: str) -> str:
    """Return the differences that Alembic sees, "" when there are none."""
    try:
        run("check", url)
    except AlembicError as error:
        return str(error)
    return ""


def _fix_for(objects: Schema, models: Schema, alembic_differences: str) -> str:
    """Return the fix. A revision that Alembic writes would drop tables that the models lack."""
    if any(name.startswith("TABLE ") for name in objects.keys() - models.keys()):
        return FIX_TABLE_NAME
    return FIX_WITH_REVISION if alembic_differences else FIX_BY_HAND


def _store_tables(project: Project, tables: object) -> None:
    """Store the models' tables for the page of a full run, which draws them."""
    place = project.reports / TABLES
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(tables))


def _finding(revision: Revision, message: str, fix: str) -> Finding:
    return Finding(file=revision.file, message=message, fix=fix)
