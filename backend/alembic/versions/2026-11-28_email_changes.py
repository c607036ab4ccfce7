"""Changes of the address that members log in with."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7ce1f05b9a34"
down_revision: str | Sequence[str] | None = "c0e4a7d1925f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_email_changes_member_id_members"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_changes")),
    )
    op.create_index(op.f("ix_email_changes_member_id"), "email_changes", ["member_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_email_changes_member_id"), table_name="email_changes")
    op.drop_table("email_changes")
