"""Languages and tombstones of members."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "dbc2512006f7"
down_revision: str | Sequence[str] | None = "f031d2280e54"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "members", sa.Column("language", sa.String(2), nullable=False, server_default=sa.text("'en'"))
    )
    op.add_column("members", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("members", "erased_at")
    op.drop_column("members", "language")
