"""News."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d538c5757f8a"
down_revision: str | Sequence[str] | None = "e97a30b6d158"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "news",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("cover_url", sa.Text(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name=op.f("ck_news_status")),
        sa.CheckConstraint("scope IN ('PUBLIC', 'INTERNAL')", name=op.f("ck_news_scope")),
        sa.CheckConstraint("(status = 'DRAFT') = (published_at IS NULL)", name=op.f("ck_news_published_at")),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_news_author_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
    )
    op.create_index(op.f("ix_news_author_id"), "news", ["author_id"])
    op.create_index(
        "ix_news_sorted_at_id",
        "news",
        [sa.literal_column("coalesce(published_at, created_at)"), "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_news_title_id", "news", ["title", "id"], postgresql_where=sa.text("deleted_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_news_title_id", table_name="news")
    op.drop_index("ix_news_sorted_at_id", table_name="news")
    op.drop_index(op.f("ix_news_author_id"), table_name="news")
    op.drop_table("news")
