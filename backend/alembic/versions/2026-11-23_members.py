"""Members."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8c41d07e2a93"
down_revision: str | Sequence[str] | None = "3f0a6c1d8b52"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "role IN ('SUPPORTER', 'MEMBER', 'BOARD_MEMBER', 'ADMIN')",
            name=op.f("ck_members_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("email", name=op.f("uq_members_email")),
    )
    op.create_index(op.f("ix_members_created_at_id"), "members", ["created_at", "id"])
    op.create_index(op.f("ix_members_full_name_id"), "members", ["full_name", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_members_full_name_id"), table_name="members")
    op.drop_index(op.f("ix_members_created_at_id"), table_name="members")
    op.drop_table("members")
