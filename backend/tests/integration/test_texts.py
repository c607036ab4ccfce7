"""Spanish sort order and search for words in the database."""

import pytest
from sqlalchemy import ARRAY, ColumnElement, cast, func, literal, select
from sqlalchemy import Text as TextType
from sqlalchemy.ext.asyncio import AsyncConnection

from app.infrastructure.database.texts import has_words, in_spanish_order, searched

IN_ORDER = [
    ["¿Qué pasa?", "10 razones", "2 razones", "apio"],
    [
        "alamo",
        "álamo",
        "apio",
        "Árbol",
        "Casa",
        "cesta",
        "chal",
        "Nube",
        "ñandú",
        "Ñu",
        "Óscar",
        "oso",
        "Zapatos",
    ],
    ["Ana Ruiz", "Anabel", "Ánabel Ruiz"],
    ["Munoz", "Munuera", "Muñoz", "Muo"],
    ["Łódź", "Lugo", "Malmö", "Maløy", "Œuvre", "Ourense"],
    ["N\u0303andu", "ñandú", "O"],
]


def text(value: str | None) -> ColumnElement[str]:
    return cast(literal(value), TextType)


@pytest.mark.parametrize("words", IN_ORDER)
async def test_orders_as_a_spanish_dictionary_when_sorted(
    words: list[str], connection: AsyncConnection
) -> None:
    given = func.unnest(literal(sorted(words), ARRAY(TextType))).column_valued("word")

    found = await connection.scalars(select(given).order_by(in_spanish_order(given)))

    assert list(found) == words


@pytest.mark.parametrize("letter", ["\ufdfa", "😀", "ệ", "ñ"])
async def test_makes_keys_that_fit_into_an_index_when_text_is_long(
    letter: str, connection: AsyncConnection
) -> None:
    """A B-tree entry has at most 2,704 bytes."""
    size = await connection.scalar(select(func.octet_length(in_spanish_order(text(letter * 200)))))

    assert size is not None
    assert size < 2000


MARTA = ("Marta Ibáñez García, marta.lopez@pau2.example", None, "+34600111222 Œuvre co-op 100%")


@pytest.mark.parametrize(
    "words",
    [
        "iban",
        "IBÁÑEZ",
        "garcia mar",
        "  marta  ",
        "co-op",
        "pau2",
        "oeuvre",
        "+34600111",
        "600111222",
        "100%",
    ],
)
async def test_finds_words_by_prefix_when_accents_and_case_differ(
    words: str, connection: AsyncConnection
) -> None:
    document = searched(*map(text, MARTA))

    assert await connection.scalar(select(has_words(document)), {"words": words}) is True


@pytest.mark.parametrize(
    "words",
    [
        "banez",
        "martha",
        "marta x",
        "m_rta",
        "m%rta",
        "%",
        "_",
        "!",
        "\u2014",
        "\u2028",
        "x | marta",
        "-marta x",
    ],
)
async def test_finds_nothing_when_a_word_is_missing_or_there_is_none(
    words: str, connection: AsyncConnection
) -> None:
    document = searched(*map(text, MARTA))

    assert not await connection.scalar(select(has_words(document)), {"words": words})


@pytest.mark.parametrize(
    "words", ["' \\", "':*", "a:b", "a & | ! b", "<->", "a\u2028b", "((", "\u0303", "\u200b", "\u3316" * 100]
)
async def test_raises_nothing_when_words_look_like_a_query(words: str, connection: AsyncConnection) -> None:
    assert not await connection.scalar(
        select(has_words(searched(text("Marta"), text(None), text(None)))), {"words": words}
    )
