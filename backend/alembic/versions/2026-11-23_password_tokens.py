"""One-time tokens that set a password."""

from collections.abc import Sequence

from alembic import op

revision: str = "06ee3c5f3b0a"
down_revision: str | Sequence[str] | None = "dbc2512006f7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_one_time_tokens_purpose"), "one_time_tokens", type_="check")
    op.create_check_constraint(
        op.f("ck_one_time_tokens_purpose"),
        "one_time_tokens",
        "purpose IN ('VERIFY_EMAIL', 'RECOVERY', 'INVITATION')",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.execute("DELETE FROM one_time_tokens WHERE purpose <> 'VERIFY_EMAIL'")
    op.drop_constraint(op.f("ck_one_time_tokens_purpose"), "one_time_tokens", type_="check")
    op.create_check_constraint(
        op.f("ck_one_time_tokens_purpose"), "one_time_tokens", "purpose IN ('VERIFY_EMAIL')"
    )
