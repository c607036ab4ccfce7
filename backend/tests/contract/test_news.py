"""Contract of the unit of work and of the article repository."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.application.unit_of_work import UnitOfWork
from app.domain.errors import CollisionError
from app.domain.members.member import Member
from app.domain.news import ArticleChanges, ArticleId, ArticleNotFoundError, ArticleScope
from tests.factories import NOW, make_article, make_member

LATER = NOW + timedelta(hours=1)


async def test_returns_the_same_article_when_stored(any_uow: UnitOfWork, author: Member) -> None:
    article = make_article(
        author_id=author.id,
        summary="Short.",
        cover_url="https://pau2.example/a.jpg",
        scope=ArticleScope.INTERNAL,
    )
    article.publish(LATER)
    async with any_uow:
        any_uow.news.add(article)
        await any_uow.commit()

    async with any_uow:
        found = await any_uow.news.get(article.id)

    assert found is not article
    assert public(found) == public(article)


def public(entity: object) -> dict[str, object]:
    return {name: value for name, value in vars(entity).items() if not name.startswith("_")}


async def test_keeps_nothing_when_left_without_commit(any_uow: UnitOfWork, author: Member) -> None:
    article = make_article(author_id=author.id)
    async with any_uow:
        any_uow.news.add(article)
        await any_uow.flush()

    async with any_uow:
        with pytest.raises(ArticleNotFoundError):
            await any_uow.news.get(article.id)


async def test_keeps_nothing_when_left_by_an_error(any_uow: UnitOfWork, author: Member) -> None:
    article = make_article(author_id=author.id)

    async def fail() -> None:
        async with any_uow:
            any_uow.news.add(article)
            await any_uow.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with any_uow:
        with pytest.raises(ArticleNotFoundError):
            await any_uow.news.get(article.id)


async def test_counts_versions_when_changed(any_uow: UnitOfWork, author: Member) -> None:
    article = make_article(author_id=author.id)
    async with any_uow:
        any_uow.news.add(article)
        await any_uow.commit()
    for title in ("Second", "Third"):
        async with any_uow:
            found = await any_uow.news.get(article.id)
            found.edit(ArticleChanges(title=title), LATER)
            await any_uow.commit()

    async with any_uow:
        found = await any_uow.news.get(article.id)

    assert (found.title, found.version) == ("Third", 3)


async def test_finds_nothing_when_unknown_or_removed(any_uow: UnitOfWork, author: Member) -> None:
    article = make_article(author_id=author.id)
    article.remove(LATER)
    async with any_uow:
        any_uow.news.add(article)
        await any_uow.commit()

    async with any_uow:
        for unknown in (article.id, ArticleId(uuid4())):
            with pytest.raises(ArticleNotFoundError):
                await any_uow.news.get(unknown)


async def test_refuses_the_second_when_two_change_the_same_version(
    two_uows: tuple[UnitOfWork, UnitOfWork],
) -> None:
    first, second = two_uows
    author = make_member()
    article = make_article(author_id=author.id)
    async with first:
        first.members.add(author)
        await first.flush()
        first.news.add(article)
        await first.commit()

    async with first, second:
        (await first.news.get(article.id)).edit(ArticleChanges(title="First"), LATER)
        (await second.news.get(article.id)).edit(ArticleChanges(title="Second"), LATER)
        await first.commit()
        with pytest.raises(CollisionError):
            await second.commit()

    async with first:
        assert (await first.news.get(article.id)).title == "First"
