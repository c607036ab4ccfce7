"""Idempotency records."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "6b1f0d9ce3a7"
down_revision: str | Sequence[str] | None = "80a38a0f452e"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "idempotency_records",
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_idempotency_records_member_id_members"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_idempotency_records")),
    )
    for column in ("created_at", "member_id"):
        op.create_index(op.f(f"ix_idempotency_records_{column}"), "idempotency_records", [column])


def downgrade() -> None:
    for column in ("created_at", "member_id"):
        op.drop_index(op.f(f"ix_idempotency_records_{column}"), table_name="idempotency_records")
    op.drop_table("idempotency_records")
