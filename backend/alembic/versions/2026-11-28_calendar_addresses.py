"""Secret calendar addresses of members."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d2940be6c817"
down_revision: str | Sequence[str] | None = "7ce1f05b9a34"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "calendar_addresses",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_calendar_addresses_member_id_members"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_calendar_addresses")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_calendar_addresses_token_digest")),
    )


def downgrade() -> None:
    op.drop_table("calendar_addresses")
