"""The tables that the application declares are those that the revisions make."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from app.infrastructure.database.tables import metadata


def differences(connection: Connection) -> list[object]:
    """Return how tables, columns and indexes differ. The job queue's tables are in the database only."""
    options = {
        "compare_type": True,
        "include_name": lambda name, kind, _parents: kind != "table" or name in metadata.tables,
    }
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


def checks(connection: Connection) -> dict[str, set[str | None]]:
    """Return the names of the checks of each table in the database."""
    inspector = inspect(connection)
    return {
        name: {check["name"] for check in inspector.get_check_constraints(name)} for name in metadata.tables
    }


async def test_agree_with_the_revisions(connection: AsyncConnection) -> None:
    assert await connection.run_sync(differences) == []


async def test_have_the_checks_of_the_revisions(connection: AsyncConnection) -> None:
    declared = {
        name: {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        for name, table in metadata.tables.items()
    }

    assert await connection.run_sync(checks) == declared
