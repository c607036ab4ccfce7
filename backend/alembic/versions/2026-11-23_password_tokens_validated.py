"""The check on purposes of one-time tokens holds for old rows as well."""

from collections.abc import Sequence

from alembic import op

revision: str = "80a38a0f452e"
down_revision: str | Sequence[str] | None = "06ee3c5f3b0a"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE one_time_tokens VALIDATE CONSTRAINT ck_one_time_tokens_purpose")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_one_time_tokens_purpose"), "one_time_tokens", type_="check")
    op.create_check_constraint(
        op.f("ck_one_time_tokens_purpose"),
        "one_time_tokens",
        "purpose IN ('VERIFY_EMAIL', 'RECOVERY', 'INVITATION')",
        postgresql_not_valid=True,
    )
