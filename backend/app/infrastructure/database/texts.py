"""Spanish order and the search for words, as functions of the database.

PostgreSQL's own collations depend on the server: a build without ICU has no `es-x-icu`, and another release
of ICU or of the C library can make indexes wrong. These functions need Unicode normalisation alone, so they
order and find the same on every server; only the case of other scripts needs a locale that is not C.

`folded_text` is lower case, decomposed. `spanish_sort_key` orders by letters first, ñ between n and o, and
by accents among equal letters, byte by byte; it looks at 200 characters, so that a key fits into an index.
`search_words` are letters and digits without accents, in ASCII where that is possible; a Spanish phone number
is a word apart from its country code. `search_document` joins three texts, of which any may be null.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, MetaData, event, func

from app.infrastructure.database.metadata import mapper_registry

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


def _create_functions(_metadata: MetaData, connection: Connection, **_options: object) -> None:
    for function in FUNCTIONS:
        connection.exec_driver_sql(function)


event.listen(mapper_registry.metadata, "before_create", _create_functions)


def in_spanish_order(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what to sort the text by."""
    return func.spanish_sort_key(text)


def searched(
    first: ColumnElement[Any], second: ColumnElement[Any], third: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Return the document in which words are looked for."""
    return func.search_document(first, second, third)


def has_words(document: ColumnElement[Any], words: str) -> ColumnElement[bool]:
    """Say whether each of the words is the beginning of one in the document, whatever accents and case."""
    return document.bool_op("@@")(func.search_query(words))
