from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.domain.members.member import Member, Role
from app.domain.news import Article, ArticleScope, ArticleStatus
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_look_the_same, assert_problem
from tests.factories import NOW, make_article
from tests.plugins.application import ClientFor
from tests.support.http import NEWS, follow_pages

DRAFT = {"title": "The garden opens again", "content": "From **Monday**.", "scope": "PUBLIC"}

Publish = Callable[..., Awaitable[Article]]


@pytest.fixture
def stored(uow: SqlAlchemyUnitOfWork, author: Member) -> Publish:
    """Store an article with the given status; the other arguments go to `make_article`."""

    async def store(status: ArticleStatus = ArticleStatus.PUBLISHED, **overrides: object) -> Article:
        article = make_article(**{"author_id": author.id} | overrides)
        if status is not ArticleStatus.DRAFT:
            article.publish(article.created_at)
        if status is ArticleStatus.ARCHIVED:
            article.archive(article.created_at)
        async with uow:
            uow.news.add(article)
            await uow.commit()
        return article

    return store


VISIBLE = {
    (ArticleStatus.PUBLISHED, ArticleScope.PUBLIC): {None, *Role},
    (ArticleStatus.PUBLISHED, ArticleScope.INTERNAL): {Role.MEMBER, Role.BOARD_MEMBER, Role.ADMIN},
    (ArticleStatus.DRAFT, ArticleScope.PUBLIC): {Role.BOARD_MEMBER, Role.ADMIN},
    (ArticleStatus.DRAFT, ArticleScope.INTERNAL): {Role.BOARD_MEMBER, Role.ADMIN},
    (ArticleStatus.ARCHIVED, ArticleScope.PUBLIC): {Role.BOARD_MEMBER, Role.ADMIN},
}


@pytest.mark.parametrize("role", [None, *Role])
async def test_shows_what_the_role_may_see_when_listing_and_reading(
    role: Role | None, client: AsyncClient, client_for: ClientFor, stored: Publish
) -> None:
    reader = client if role is None else await client_for(role)
    expected = set()
    for (status, scope), roles in VISIBLE.items():
        article = await stored(status, scope=scope)
        response = await reader.get(f"{NEWS}/{article.id}")
        assert response.status_code == (200 if role in roles else 404)
        if role in roles:
            expected.add(str(article.id))

    listed = (await reader.get(NEWS)).json()["items"]

    assert {item["id"] for item in listed} == expected


async def test_returns_the_same_404_when_invisible_or_missing(client: AsyncClient, stored: Publish) -> None:
    draft = await stored(ArticleStatus.DRAFT)

    invisible = await client.get(f"{NEWS}/{draft.id}")
    missing = await client.get(f"{NEWS}/{uuid4()}")

    assert_look_the_same(invisible, missing)
    assert_problem(missing, 404, "article_not_found")


async def test_returns_201_with_location_and_etag_when_created(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, json=DRAFT | {"summary": "Short."})

    assert response.status_code == 201
    assert response.headers["ETag"] == '"1"'
    body = response.json()
    assert response.headers["Location"] == f"{NEWS}/{body['id']}"
    assert body["status"] == "DRAFT"
    assert body["summary"] == "Short."
    assert (await board_member.get(response.headers["Location"])).json() == body


async def test_changes_only_what_is_sent_when_patched(client_for: ClientFor, stored: Publish) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    article = await stored(summary="Short.", cover_url="https://pau2.example/a.jpg")

    response = await board_member.patch(
        f"{NEWS}/{article.id}",
        content=b'{"title": "New", "summary": null}',
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )

    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    body = response.json()
    assert (body["title"], body["summary"]) == ("New", None)
    assert body["cover_url"] == "https://pau2.example/a.jpg"
    assert body["content"] == article.content


@pytest.mark.parametrize("field", ["title", "content", "scope"])
async def test_returns_422_when_a_required_field_is_cleared(
    field: str, client_for: ClientFor, stored: Publish
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    article = await stored()

    response = await board_member.patch(f"{NEWS}/{article.id}", json={field: None}, headers={"If-Match": "*"})

    assert_problem(response, 422, "validation_failed", pointer=f"/body/{field}")


async def test_returns_428_when_if_match_is_missing(client_for: ClientFor, stored: Publish) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    article = await stored()

    for response in (
        await board_member.patch(f"{NEWS}/{article.id}", json={"title": "New"}),
        await board_member.delete(f"{NEWS}/{article.id}"),
    ):
        assert_problem(response, 428, "precondition_required")


async def test_returns_412_when_if_match_is_stale(client_for: ClientFor, stored: Publish) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    article = await stored()

    for response in (
        await board_member.patch(f"{NEWS}/{article.id}", json={"title": "New"}, headers={"If-Match": '"9"'}),
        await board_member.delete(f"{NEWS}/{article.id}", headers={"If-Match": 'W/"2"'}),
    ):
        assert_problem(response, 412, "version_mismatch")


@pytest.mark.parametrize("changed", ['W/"1"', '"1-gzip"'])
async def test_changes_the_article_when_a_proxy_changed_its_tag(
    changed: str, client_for: ClientFor, stored: Publish
) -> None:
    """nginx with gzip sends the first tag, Apache with mod_deflate the second."""
    board_member = await client_for(Role.BOARD_MEMBER)
    article = await stored()

    edited = await board_member.patch(
        f"{NEWS}/{article.id}", json={"title": "New"}, headers={"If-Match": changed}
    )
    stale = await board_member.patch(
        f"{NEWS}/{article.id}", json={"title": "Newer"}, headers={"If-Match": changed}
    )

    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert_problem(stale, 412, "version_mismatch")


async def test_returns_304_when_the_reader_has_the_version(client: AsyncClient, stored: Publish) -> None:
    article = await stored()

    response = await client.get(f"{NEWS}/{article.id}", headers={"If-None-Match": '"7", W/"1"'})
    compressed = await client.get(f"{NEWS}/{article.id}", headers={"If-None-Match": '"1-gzip"'})
    whichever = await client.get(f"{NEWS}/{article.id}", headers={"If-None-Match": "*"})
    changed = await client.get(f"{NEWS}/{article.id}", headers={"If-None-Match": '"7"'})

    assert response.status_code == 304
    assert response.headers["ETag"] == '"1"'
    assert response.content == b""
    assert (compressed.status_code, whichever.status_code) == (304, 304)
    assert changed.status_code == 200


async def test_is_gone_for_everybody_when_deleted(client_for: ClientFor, stored: Publish) -> None:
    admin = await client_for(Role.ADMIN)
    article = await stored()

    response = await admin.delete(f"{NEWS}/{article.id}", headers={"If-Match": '"1"'})

    assert response.status_code == 204
    assert response.content == b""
    assert "Content-Type" not in response.headers
    assert_problem(await admin.get(f"{NEWS}/{article.id}"), 404, "article_not_found")
    assert (await admin.get(NEWS)).json()["items"] == []
    again = await admin.delete(f"{NEWS}/{article.id}", headers={"If-Match": "*"})
    assert_problem(again, 404, "article_not_found")


async def test_goes_through_its_life_when_published_and_archived(
    client: AsyncClient, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = (await board_member.post(NEWS, json=DRAFT)).headers["Location"]

    published = await board_member.post(f"{url}/publish")
    assert published.json()["status"] == "PUBLISHED"
    assert published.json()["published_at"] == "2026-11-22T09:30:00Z"
    assert (await client.get(url)).status_code == 200
    assert_problem(await board_member.post(f"{url}/publish"), 409, "article_not_draft")

    archived = await board_member.post(f"{url}/archive")
    assert archived.json()["status"] == "ARCHIVED"
    assert archived.headers["ETag"] == '"3"'
    assert (await client.get(url)).status_code == 404
    assert_problem(await board_member.post(f"{url}/archive"), 409, "article_not_published")
    edit = await board_member.patch(url, json={"title": "New"}, headers={"If-Match": "*"})
    assert_problem(edit, 409, "article_archived")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": "   "}, "article_title_invalid"),
        ({"content": "\n"}, "article_content_invalid"),
        ({"summary": " "}, "article_summary_invalid"),
        ({"cover_url": "http://pau2.example/a.jpg"}, "cover_url_invalid"),
    ],
)
async def test_returns_422_when_the_domain_refuses_a_value(
    change: dict[str, str], code: str, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, json=DRAFT | change)

    [field] = change
    assert_problem(response, 422, code, pointer=f"/body/{field}")


async def test_returns_each_article_once_when_pages_are_followed(
    client: AsyncClient, stored: Publish
) -> None:
    for number in range(7):
        await stored(title=f"N{number % 3}", at=NOW - timedelta(days=number // 2))

    for sort in ("-published_at", "published_at", "title", "-title"):
        items = await follow_pages(client, NEWS, limit=3, sort=sort)
        key = sort.removeprefix("-")
        keys = [(item[key], item["id"]) for item in items]
        assert len({item["id"] for item in items}) == 7
        assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_neither_skips_nor_repeats_when_an_article_is_added(
    client: AsyncClient, stored: Publish
) -> None:
    old = [await stored(at=NOW - timedelta(days=days)) for days in range(1, 5)]
    first = (await client.get(f"{NEWS}?limit=2")).json()

    await stored(at=NOW)
    second = (await client.get(NEWS, params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [item["id"] for item in first["items"] + second["items"]] == [str(each.id) for each in old]


async def test_returns_422_when_a_cursor_is_forged_or_used_elsewhere(
    client: AsyncClient, stored: Publish
) -> None:
    for _ in range(2):
        await stored()
    cursor = (await client.get(f"{NEWS}?limit=1")).json()["next_cursor"]

    for params in (
        {"cursor": cursor[:-1] + ("E" if cursor[-1] != "E" else "A")},
        {"cursor": "nonsense"},
        {"cursor": cursor, "sort": "title"},
        {"cursor": cursor, "scope": "PUBLIC"},
    ):
        response = await client.get(NEWS, params=params)
        assert_problem(response, 422, "validation_failed", pointer="/query/cursor")


async def test_returns_only_matches_when_filtered(
    client_for: ClientFor, stored: Publish, author: Member
) -> None:
    admin = await client_for(Role.ADMIN)
    draft = await stored(ArticleStatus.DRAFT)
    internal = await stored(scope=ArticleScope.INTERNAL)

    async def ids(**params: str) -> list[str]:
        return [item["id"] for item in (await admin.get(NEWS, params=params)).json()["items"]]

    assert await ids(status="DRAFT") == [str(draft.id)]
    assert await ids(scope="INTERNAL") == [str(internal.id)]
    assert await ids(status="DRAFT", scope="INTERNAL") == []
    assert len(await ids(author_id=str(author.id))) == 2
    assert await ids(author_id=str(uuid4())) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("sort=content", "/query/sort"),
        ("status=SECRET", "/query/status"),
        ("colour=red", "/query/colour"),
        ("limit=1&limit=2", "/query/limit"),
        ("cursor=%00", "/query/cursor"),
        ("author_id=7", "/query/author_id"),
    ],
)
async def test_returns_422_when_a_parameter_is_not_known_or_not_valid(
    query: str, pointer: str, client: AsyncClient
) -> None:
    assert_problem(await client.get(f"{NEWS}?{query}"), 422, "validation_failed", pointer=pointer)


@pytest.mark.parametrize(
    ("role", "status", "code"),
    [
        (None, 401, "unauthenticated"),
        (Role.SUPPORTER, 403, "forbidden"),
        (Role.MEMBER, 403, "forbidden"),
    ],
)
async def test_refuses_every_change_when_the_role_does_not_suffice(
    *, role: Role | None, status: int, code: str, client: AsyncClient, client_for: ClientFor, stored: Publish
) -> None:
    caller = client if role is None else await client_for(role)
    url = f"{NEWS}/{(await stored()).id}"
    seen = {"If-Match": "*"}

    responses: list[Response] = [
        await caller.post(NEWS, json=DRAFT),
        await caller.patch(url, json={"title": "New"}, headers=seen),
        await caller.delete(url, headers=seen),
        await caller.post(f"{url}/publish"),
        await caller.post(f"{url}/archive"),
    ]

    for response in responses:
        assert_problem(response, status, code)
        assert ("error" in response.headers["WWW-Authenticate"]) is (status == 403)
    assert (await client.get(url)).headers["ETag"] == '"1"'
