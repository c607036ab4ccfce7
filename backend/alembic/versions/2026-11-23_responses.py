"""Responses, and for secret ballots participations and ballots, which share nothing but the consultation."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "9d27f3b8e150"
down_revision: str | Sequence[str] | None = "4b9e60c7a1d3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLEAN_UP_AT_ONCE = {"autovacuum_vacuum_threshold": 0, "autovacuum_vacuum_scale_factor": 0}


def upgrade() -> None:
    _create_responses()
    _create_secret_ballots()


def _create_responses() -> None:
    op.create_table(
        "responses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultations.id"], name=op.f("fk_responses_consultation_id_consultations")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_responses_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responses")),
        sa.UniqueConstraint(
            "consultation_id", "member_id", name=op.f("uq_responses_consultation_id_member_id")
        ),
    )
    op.create_index(op.f("ix_responses_member_id"), "responses", ["member_id"])


def _create_secret_ballots() -> None:
    op.create_table(
        "participations",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_participations_consultation_id_consultations"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_participations_member_id_members")
        ),
        sa.PrimaryKeyConstraint("consultation_id", "member_id", name=op.f("pk_participations")),
        postgresql_with=CLEAN_UP_AT_ONCE,
    )
    op.create_index(op.f("ix_participations_member_id"), "participations", ["member_id"])
    op.create_table(
        "ballots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultations.id"], name=op.f("fk_ballots_consultation_id_consultations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballots")),
        postgresql_with=CLEAN_UP_AT_ONCE,
    )
    op.create_index(op.f("ix_ballots_consultation_id"), "ballots", ["consultation_id"])


def downgrade() -> None:
    for table in ("ballots", "participations", "responses"):
        op.drop_table(table)
