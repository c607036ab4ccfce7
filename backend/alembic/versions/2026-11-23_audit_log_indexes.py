"""Indexes for reading the audit log, newest first, by actor and by action."""

from collections.abc import Sequence

from alembic import op

revision: str = "c0e4a7d1925f"
down_revision: str | Sequence[str] | None = "6b1f0d9ce3a7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


OLD = ["actor_id", "id"]
NEW = (["at", "id"], ["actor_id", "at", "id"], ["action", "at", "id"])


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for columns in NEW:
            _create(columns)
        _drop(OLD)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _create(OLD)
        for columns in NEW:
            _drop(columns)


def _create(columns: list[str]) -> None:
    op.create_index(_name(columns), "audit_entries", columns, postgresql_concurrently=True)


def _drop(columns: list[str]) -> None:
    op.drop_index(_name(columns), table_name="audit_entries", postgresql_concurrently=True)


def _name(columns: list[str]) -> str:
    return op.f(f"ix_audit_entries_{'_'.join(columns)}")
