"""${message}."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | Sequence[str] | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    ${written(upgrades or "")}


def downgrade() -> None:
    ${written(downgrades or "")}
<%!
def written(operations: str) -> str:
    """Alembic's operations without its remarks."""
    lines = [line for line in operations.splitlines() if not line.strip().startswith("#")]
    return "\n".join(lines).strip() or "pass"
%>
