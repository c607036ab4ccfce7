"""The programs that sessions belong to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5a08c3f7e1d6"
down_revision: str | Sequence[str] | None = "d2940be6c817"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("client_name", sa.String(60), nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "client_name")
