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

from sqlalchemy import ColumnElement, Text, bindparam, func


def in_spanish_order(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sort key of a text."""
    return func.spanish_sort_key(text)


def searched(
    first: ColumnElement[Any], second: ColumnElement[Any], third: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Return the search document of the texts."""
    return func.search_document(first, second, third)


def has_words(document: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether each word of the parameter `words` begins a word of the document, ignoring accents and
    case."""
    return document.bool_op("@@")(func.search_query(bindparam("words", type_=Text)))
