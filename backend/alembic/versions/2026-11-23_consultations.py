"""Consultations with questions and options; responses, participations and ballots."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "4b9e60c7a1d3"
down_revision: str | Sequence[str] | None = "d538c5757f8a"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLEAN_UP_AT_ONCE = {"autovacuum_vacuum_threshold": 0, "autovacuum_vacuum_scale_factor": 0}


def upgrade() -> None:
    _create_consultations()
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


def _create_consultations() -> None:
    op.create_table(
        "consultations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audience", sa.String(30), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("results_visibility", sa.String(20), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "audience IN ('MEMBERS', 'MEMBERS_AND_SUPPORTERS')", name=op.f("ck_consultations_audience")
        ),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'OPEN', 'CLOSED', 'ARCHIVED')", name=op.f("ck_consultations_status")
        ),
        sa.CheckConstraint(
            "results_visibility IN ('PRIVATE', 'PUBLIC')", name=op.f("ck_consultations_results_visibility")
        ),
        sa.CheckConstraint(
            "status = 'DRAFT' OR opens_at IS NOT NULL", name=op.f("ck_consultations_opens_at")
        ),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'OPEN') OR closes_at IS NOT NULL", name=op.f("ck_consultations_closes_at")
        ),
        sa.CheckConstraint("closes_at >= opens_at", name=op.f("ck_consultations_period")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["members.id"], name=op.f("fk_consultations_created_by_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultations")),
    )
    op.create_index(op.f("ix_consultations_created_by"), "consultations", ["created_by"])
    op.create_index(
        "ix_consultations_sorted_at_id",
        "consultations",
        [sa.literal_column("coalesce(opens_at, created_at)"), "id"],
    )
    op.create_index("ix_consultations_title_id", "consultations", ["title", "id"])
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('SINGLE_CHOICE', 'MULTIPLE_CHOICE', 'OPEN_TEXT')", name=op.f("ck_questions_kind")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_questions_consultation_id_consultations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_consultation_id"), "questions", ["consultation_id"])
    op.create_table(
        "options",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            name=op.f("fk_options_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_options")),
    )
    op.create_index(op.f("ix_options_question_id"), "options", ["question_id"])


def downgrade() -> None:
    for table in ("ballots", "participations", "responses", "options", "questions", "consultations"):
        op.drop_table(table)
