"""Events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "6b1f84a9d3e7"
down_revision: str | Sequence[str] | None = "9d27f3b8e150"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("organizer", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("audience IN ('PUBLIC', 'MEMBERS', 'BOARD')", name=op.f("ck_events_audience")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'PUBLISHED', 'CANCELLED', 'COMPLETED')", name=op.f("ck_events_status")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_events_times")),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_events_created_by_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_created_by"), "events", ["created_by"])
    op.create_index(op.f("ix_events_ends_at"), "events", ["ends_at"])
    op.create_index(op.f("ix_events_starts_at_id"), "events", ["starts_at", "id"])
    op.create_index(op.f("ix_events_title_id"), "events", ["title", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_events_title_id"), table_name="events")
    op.drop_index(op.f("ix_events_starts_at_id"), table_name="events")
    op.drop_index(op.f("ix_events_ends_at"), table_name="events")
    op.drop_index(op.f("ix_events_created_by"), table_name="events")
    op.drop_table("events")
