"""Titles and names in Spanish order, and the search for words in news and members."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5a9d03be7c41"
down_revision: str | Sequence[str] | None = "5c7d90b2e4f1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = (
    r"""
CREATE OR REPLACE FUNCTION folded_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(translate(
    lower(normalize(value, NFKD)),
    E'ÆŒẞ\u00f8\u00d8\u0142\u0141\u0111\u0110\u0131\u00bf\u00a1\u00ab\u00bb\u201c\u201d\u2018\u2019',
    'æœßoollddi        '
), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss')""",
    r"""
CREATE OR REPLACE FUNCTION spanish_sort_key(value text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(left(regexp_replace(
    replace(folded_text(left(value, 200)), E'n\u0303', 'n~'), E'[\u0300-\u036f]', '', 'g'
), 200) || chr(1) || left(folded_text(left(value, 200)), 200), '\', '\\')::bytea""",
    r"""
CREATE OR REPLACE FUNCTION search_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    regexp_replace(replace(folded_text(value), '+34', '+34 '), E'[\u0300-\u036f]', '', 'g'),
    E'[\u0001-/:-`{-\u007f]+', ' ', 'g'
))""",
    r"""
CREATE OR REPLACE FUNCTION search_document(first text, second text, third text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector(
    'simple'::regconfig,
    search_words(coalesce(first, '') || ' ' || coalesce(second, '') || ' ' || coalesce(third, ''))
)""",
    r"""
CREATE OR REPLACE FUNCTION search_query(value text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsquery(
    'simple'::regconfig, '''' || replace(nullif(search_words(value), ''), ' ', ''':* & ''') || ''':*'
)""",
)

SORTED = {"members": "full_name", "news": "title", "events": "title", "consultations": "title"}
SEARCHED = {"members": "full_name, email, phone", "news": "title, summary, content"}
KEPT = {"members": sa.text("erased_at IS NULL"), "news": sa.text("deleted_at IS NULL")}


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
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
