"""The registry of personal data is complete, and erasure does what it says."""

from sqlalchemy import Column, LargeBinary, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.infrastructure.database.members import members
from app.infrastructure.database.personal_data import HOLDINGS, IMPERSONAL
from app.infrastructure.database.tables import metadata

OURS = frozenset({holding.table for holding in HOLDINGS})


def refers_to_members(column: Column[object]) -> bool:
    named = column.name in {"member_id", "author_id", "actor_id", "created_by"}
    return named or any(key.column is members.c.id for key in column.foreign_keys)


async def test_every_table_is_accounted_for_when_compared_with_the_schema(
    connection: AsyncConnection,
) -> None:
    query = """SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT LIKE 'procrastinate%' AND tablename <> 'alembic_version'"""
    stored = set((await connection.scalars(text(query))).all())

    assert stored == {table.name for table in OURS | set(IMPERSONAL)}
    assert not OURS & set(IMPERSONAL)
    assert stored == set(metadata.tables)
    assert all(IMPERSONAL.values())


def test_every_reference_to_a_member_is_an_owner_when_compared_with_the_schema() -> None:
    for holding in HOLDINGS:
        found = {column for column in holding.table.c if refers_to_members(column)}
        if holding.table is members:
            found = {members.c.id}
        assert found <= set(holding.owners), holding.table.name
        assert set(holding.owners) <= set(holding.table.c)
    for table in IMPERSONAL:
        assert not [column.name for column in table.c if refers_to_members(column)]


def test_shows_every_column_but_secrets_when_compared_with_the_schema() -> None:
    for holding in HOLDINGS:
        assert set(holding.shown) | holding.withheld == set(holding.table.c)
        assert not [column.name for column in holding.shown if isinstance(column.type, LargeBinary)]
    withheld = {f"{column.table.name}.{column.name}" for holding in HOLDINGS for column in holding.withheld}
    assert withheld == {
        "members.password_hash",
        "sessions.token_digest",
        "sessions.parent_digest",
        "calendar_addresses.token_digest",
        "idempotency_records.key_digest",
        "idempotency_records.fingerprint",
        "idempotency_records.body",
    }
