"""The registry of personal data is complete, and erasure follows it."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Column, LargeBinary, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.infrastructure.database.members import members
from app.infrastructure.database.personal_data import NON_PERSONAL_TABLES, PERSONAL_DATA, _to_json
from app.infrastructure.database.tables import metadata

REGISTRY = "app/infrastructure/database/personal_data.py"
OURS = frozenset({holding.table for holding in PERSONAL_DATA})


def refers_to_members(column: Column[object]) -> bool:
    named = column.name in {"member_id", "author_id", "actor_id", "created_by"}
    return named or any(key.column is members.c.id for key in column.foreign_keys)


def unregistered(stored: Collection[str], known: Collection[str], registered: Collection[str]) -> list[str]:
    """Return the edits that make tables, models and the registry of personal data agree."""
    found = [
        f"add {name} to {REGISTRY}: `PersonalDataTable(table={name}, owners=(…,))` to PERSONAL_DATA when its "
        "rows are about members, else to NON_PERSONAL_TABLES with the reason"
        for name in sorted({*stored, *known} - {*registered})
    ]
    found += [
        f"remove {name} from {REGISTRY}: there is no such table" for name in sorted({*registered} - {*stored})
    ]
    found += [
        f"name {name} in app/infrastructure/database/tables.py, or drop it in a revision"
        for name in sorted({*stored} - {*known})
    ]
    return found + [
        f"write a revision for {name}: ./noxw -s revision -- SLUG" for name in sorted({*known} - {*stored})
    ]


async def test_covers_every_table_when_compared_with_the_schema(connection: AsyncConnection) -> None:
    query = """SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT LIKE 'procrastinate%' AND tablename <> 'alembic_version'"""
    stored = set((await connection.scalars(text(query))).all())

    left = unregistered(stored, metadata.tables, {table.name for table in OURS | set(NON_PERSONAL_TABLES)})
    assert not left, "\n".join(left)
    assert not OURS & set(NON_PERSONAL_TABLES)
    assert all(NON_PERSONAL_TABLES.values())


def test_says_what_to_do_when_a_table_is_not_accounted_for() -> None:
    left = unregistered({"news", "polls", "old"}, {"news", "polls", "new"}, {"news", "old", "gone"})

    assert [text.partition(":")[0] for text in left] == [
        f"add new to {REGISTRY}",
        f"add polls to {REGISTRY}",
        f"remove gone from {REGISTRY}",
        "name old in app/infrastructure/database/tables.py, or drop it in a revision",
        "write a revision for new",
    ]


def test_owns_every_member_reference_when_compared_with_schema() -> None:
    for holding in PERSONAL_DATA:
        found = {column for column in holding.table.c if refers_to_members(column)}
        if holding.table is members:
            found = {members.c.id}
        left = sorted(column.name for column in found - set(holding.owners))
        assert not left, f"add {left} to the owners of {holding.table.name} in {REGISTRY}"
        assert set(holding.owners) <= set(holding.table.c)
    for table in NON_PERSONAL_TABLES:
        left = [column.name for column in table.c if refers_to_members(column)]
        assert not left, f"{table.name}.{left} refers to members: move it to PERSONAL_DATA in {REGISTRY}"


def test_shows_all_columns_but_secrets_when_compared_with_schema() -> None:
    for holding in PERSONAL_DATA:
        assert set(holding.shown) | holding.withheld == set(holding.table.c)
        assert not [column.name for column in holding.shown if isinstance(column.type, LargeBinary)]
    withheld = {
        f"{column.table.name}.{column.name}" for holding in PERSONAL_DATA for column in holding.withheld
    }
    assert withheld == {
        "members.password_hash",
        "sessions.token_digest",
        "sessions.parent_digest",
        "calendar_addresses.token_digest",
        "idempotency_records.key_digest",
        "idempotency_records.fingerprint",
        "idempotency_records.body",
    }


def test_writes_lists_of_ids_and_times_as_json_has_them() -> None:
    key = uuid4()
    at = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)

    assert _to_json([key, at, None, 7, "seven"]) == [str(key), "2026-11-28T09:30:00+00:00", None, 7, "seven"]
