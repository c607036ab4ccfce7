"""Search for words, and Spanish sort order, over HTTP."""

import pytest
from httpx import AsyncClient

from app.domain.members.contact_details import PhoneNumber
from app.domain.members.member import Role
from app.domain.news import Article, ArticleScope
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.consultations import store_consultation
from tests.api.problems import assert_problem
from tests.factories import make_article, make_event, make_member
from tests.plugins.application import ClientFor, ClientOf, ClientsOfNew
from tests.support.http import API, EXPORTS, MEMBERS, NEWS, follow_pages

SHUFFLED = [
    "Óscar",
    "apio",
    "Zapatos",
    "Ñu",
    "álamo",
    "Casa",
    "2 razones",
    "ñandú",
    "Árbol",
    "Nube",
    "oso",
    "chal",
]
SPANISH = [
    "2 razones",
    "álamo",
    "apio",
    "Árbol",
    "Casa",
    "chal",
    "Nube",
    "ñandú",
    "Ñu",
    "Óscar",
    "oso",
    "Zapatos",
]


@pytest.mark.parametrize("list_", ["news", "events", "consultations", "members"])
async def test_is_in_spanish_order_when_sorted_by_title_or_name(
    list_: str, client_for: ClientFor, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    author = make_member()
    async with uow:
        uow.members.add(author)
        await uow.flush()
        for title in SHUFFLED:
            uow.news.add(make_article(author_id=author.id, title=title))
            uow.events.add(make_event(created_by=author.id, title=title))
            uow.members.add(make_member(full_name=title, role=Role.MEMBER))
        await uow.commit()
    for title in SHUFFLED if list_ == "consultations" else ():
        await store_consultation(uow, title=title)
    field = "full_name" if list_ == "members" else "title"
    filters = {"role": "MEMBER"} if list_ == "members" else {}

    up = await follow_pages(board_member, f"{API}/{list_}", sort=field, limit=3, **filters)
    down = await follow_pages(board_member, f"{API}/{list_}", sort=f"-{field}", limit=5, **filters)

    assert [item[field] for item in up] == SPANISH
    assert [item[field] for item in down] == SPANISH[::-1]


async def test_finds_members_by_name_email_and_phone_when_searching(client_of: ClientOf) -> None:
    board_member = await client_of(make_member(role=Role.BOARD_MEMBER, full_name="Ana Ruiz"))
    marta = make_member(full_name="Marta Ibáñez García", phone=PhoneNumber.parse("+34600111222"))
    await client_of(marta)

    for words in ("ibanez", "GARCÍA mart", str(marta.email), "600111", "+34600111222"):
        found = await follow_pages(board_member, MEMBERS, q=words)
        assert [item["id"] for item in found] == [str(marta.id)], words
    for words in ("banez", "ibanez ana", "%", "_", "*", "ana | marta"):
        assert await follow_pages(board_member, MEMBERS, q=words) == [], words


async def test_keeps_filters_sort_and_pages_when_words_are_given(
    client_for: ClientFor, clients_of_new: ClientsOfNew
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    names = ["Peña Óscar", "Peña Álvaro", "Pena Ñuria", "Peña Nuria"]
    await clients_of_new(*(make_member(full_name=name, role=Role.MEMBER) for name in names))
    await clients_of_new(make_member(full_name="Peña Zoe", role=Role.SUPPORTER))

    found = await follow_pages(board_member, MEMBERS, q="peña", role="MEMBER", sort="full_name", limit=1)
    page = (await board_member.get(MEMBERS, params={"q": "peña", "limit": 1})).json()
    other = await board_member.get(MEMBERS, params={"q": "pena", "limit": 1, "cursor": page["next_cursor"]})

    assert [item["full_name"] for item in found] == ["Pena Ñuria", "Peña Álvaro", "Peña Nuria", "Peña Óscar"]
    assert_problem(other, 422, "validation_failed", pointer="/query/cursor")


async def test_paginates_when_title_and_search_have_maximum_length(
    client_for: ClientFor, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    author = make_member()
    wide = "".join(chr(0x20000 + number * 31) for number in range(200))
    async with uow:
        uow.members.add(author)
        await uow.flush()
        for number in range(3):
            uow.news.add(make_article(author_id=author.id, title=f"{wide[:198]} {number}"))
        await uow.commit()

    found = await follow_pages(board_member, NEWS, q=wide[:100], sort="title", limit=1)

    assert len(found) == 3


async def test_finds_only_visible_news_when_words_are_given(
    client: AsyncClient, client_for: ClientFor, uow: SqlAlchemyUnitOfWork
) -> None:
    author = make_member()
    secret, public, draft, removed = (
        make_article(author_id=author.id, title=title, summary=summary, content=content, scope=scope)
        for title, summary, content, scope in (
            ("Presupuesto", None, "Secreto.", ArticleScope.INTERNAL),
            ("Fiesta", "Con presupuesto", "Baile.", ArticleScope.PUBLIC),
            ("Borrador", None, "El **presupuesto**-2027.", ArticleScope.PUBLIC),
            ("Presupuesto viejo", None, "Nada.", ArticleScope.PUBLIC),
        )
    )
    for article in (secret, public, removed):
        article.publish(article.created_at)
    removed.remove(removed.created_at)
    async with uow:
        uow.members.add(author)
        await uow.flush()
        for article in (secret, public, draft, removed):
            uow.news.add(article)
        await uow.commit()

    async def found(reader: AsyncClient) -> set[str]:
        return {item["id"] for item in await follow_pages(reader, NEWS, q="PRESUPUÉSTO")}

    def ids(*articles: Article) -> set[str]:
        return {str(article.id) for article in articles}

    board_member = await client_for(Role.BOARD_MEMBER)
    assert await found(client) == ids(public)
    assert await found(await client_for(Role.MEMBER)) == ids(public, secret)
    assert await found(board_member) == ids(public, secret, draft)
    exported = await board_member.get(f"{EXPORTS}/news", params={"q": "presupuesto 2027", "format": "json"})
    assert [item["id"] for item in exported.json()] == [str(draft.id)]


@pytest.mark.parametrize("path", [NEWS, MEMBERS])
@pytest.mark.parametrize("words", ["", "x" * 101, "a\nb", "a\x00b"])
async def test_returns_422_when_words_are_empty_too_long_or_no_line(
    path: str, words: str, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.get(path, params={"q": words})

    assert_problem(response, 422, "validation_failed", pointer="/query/q")
