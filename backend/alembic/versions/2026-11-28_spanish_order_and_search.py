"""Titles and names in Spanish order, and the search for words in news and members."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision: str = "5a9d03be7c41"
down_revision: str | Sequence[str] | None = "5c7d90b2e4f1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SORTED = {"members": "full_name", "news": "title", "events": "title", "consultations": "title"}
SEARCHED = {"members": "full_name, email, phone", "news": "title, summary, content"}
KEPT = {"members": sa.text("erased_at IS NULL"), "news": sa.text("deleted_at IS NULL")}


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    with op.get_context().autocommit_block():
        for table, column in SORTED.items():
            key = sa.text(f"spanish_sort_key({column})")
            _create(_sorted(table), table, [key, "id"], where=KEPT["news"] if table == "news" else None)
            _drop(f"ix_{table}_{column}_id", table)
        for table, columns in SEARCHED.items():
            document = sa.text(f"search_document({columns})")
            _create(f"ix_{table}_searched", table, [document], where=KEPT[table], using="gin")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in SEARCHED:
            _drop(f"ix_{table}_searched", table)
        for table, column in SORTED.items():
            where = KEPT["news"] if table == "news" else None
            _create(f"ix_{table}_{column}_id", table, [column, "id"], where=where)
            _drop(_sorted(table), table)
    for name in ("search_query", "search_document", "search_words", "spanish_sort_key", "folded_text"):
        op.execute(f"DROP FUNCTION {name}")


def _sorted(table: str) -> str:
    return f"ix_{table}_sorted_{'name' if table == 'members' else 'title'}_id"


def _create(
    name: str,
    table: str,
    keys: Sequence[str | sa.TextClause],
    *,
    where: sa.TextClause | None,
    using: str = "btree",
) -> None:
    op.create_index(
        name, table, keys, postgresql_concurrently=True, postgresql_where=where, postgresql_using=using
    )


def _drop(name: str, table: str) -> None:
    op.drop_index(name, table_name=table, postgresql_concurrently=True)
