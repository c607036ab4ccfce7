"""What every implementation of the unit of work and the article repository does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from app.core.database import create_database, create_engine
from app.core.settings import Settings
from app.domain.errors import PreconditionFailedError
from app.domain.members import Member
from app.domain.news import ArticleChanges, ArticleId, ArticleNotFoundError, ArticleScope
from app.domain.ports import UnitOfWork
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import NOW, make_article, make_member
from tests.fakes import InMemoryStore, InMemoryUnitOfWork

LATER = NOW + timedelta(hours=1)


@pytest.fixture(params=["memory", "postgresql"])
def any_uow(request: pytest.FixtureRequest) -> UnitOfWork:
    if request.param == "memory":
        return InMemoryUnitOfWork(InMemoryStore())
    uow: SqlAlchemyUnitOfWork = request.getfixturevalue("uow")
    return uow


@pytest.fixture
async def author(any_uow: UnitOfWork) -> Member:
    author = make_member()
    async with any_uow:
        any_uow.members.add(author)
        await any_uow.commit()
    return author


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


@pytest.fixture(params=["memory", "postgresql"])
async def two_uows(
    request: pytest.FixtureRequest, fresh_database_url: str
) -> AsyncIterator[tuple[UnitOfWork, UnitOfWork]]:
    """Two units of work that really commit, each on its own connection."""
    if request.param == "memory":
        store = InMemoryStore()
        yield InMemoryUnitOfWork(store), InMemoryUnitOfWork(store)
        return
    engine = create_engine(Settings(database_url=SecretStr(fresh_database_url)))
    sessions = create_database(engine).sessions
    yield SqlAlchemyUnitOfWork(sessions), SqlAlchemyUnitOfWork(sessions)
    await engine.dispose()


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
        with pytest.raises(PreconditionFailedError):
            await second.commit()

    async with first:
        assert (await first.news.get(article.id)).title == "First"
