"""Consultations with their questions and options."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4b9e60c7a1d3"
down_revision: str | Sequence[str] | None = "d538c5757f8a"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "audience": "audience IN ('MEMBERS', 'MEMBERS_AND_SUPPORTERS')",
    "status": "status IN ('DRAFT', 'OPEN', 'CLOSED', 'ARCHIVED')",
    "results_visibility": "results_visibility IN ('PRIVATE', 'PUBLIC')",
    "opens_at": "status = 'DRAFT' OR opens_at IS NOT NULL",
    "closes_at": "status IN ('DRAFT', 'OPEN') OR closes_at IS NOT NULL",
    "period": "closes_at >= opens_at",
}


def upgrade() -> None:
    _create_consultations()
    _create_questions()


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
        *[sa.CheckConstraint(rule, name=op.f(f"ck_consultations_{name}")) for name, rule in CHECKS.items()],
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


def _create_questions() -> None:
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
    for table in ("options", "questions", "consultations"):
        op.drop_table(table)
