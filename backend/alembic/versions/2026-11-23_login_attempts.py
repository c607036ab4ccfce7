"""Log-in attempts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f031d2280e54"
down_revision: str | Sequence[str] | None = "6b1f84a9d3e7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_attempts")),
    )
    op.create_index(op.f("ix_login_attempts_window_ends_at"), "login_attempts", ["window_ends_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_login_attempts_window_ends_at"), table_name="login_attempts")
    op.drop_table("login_attempts")
