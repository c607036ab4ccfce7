"""Digests of erased addresses, so that nobody answers an open consultation again with a new account."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5c7d90b2e4f1"
down_revision: str | Sequence[str] | None = "c0e4a7d1925f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLEAN_UP_AT_ONCE = {"autovacuum_vacuum_threshold": 0, "autovacuum_vacuum_scale_factor": 0}


def upgrade() -> None:
    op.create_table(
        "erased_respondents",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_erased_respondents_consultation_id_consultations"),
        ),
        sa.PrimaryKeyConstraint("consultation_id", "digest", name=op.f("pk_erased_respondents")),
        postgresql_with=CLEAN_UP_AT_ONCE,
    )


def downgrade() -> None:
    op.drop_table("erased_respondents")
