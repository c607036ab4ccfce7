from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.application.news import (
    archive_article,
    create_article,
    edit_article,
    publish_article,
    remove_article,
)
from app.domain.errors import ForbiddenError, VersionMismatchError
from app.domain.members.member import Role
from app.domain.news import (
    Article,
    ArticleChanges,
    ArticleDraft,
    ArticleId,
    ArticleNotDraftError,
    ArticleNotFoundError,
    ArticleScope,
    ArticleStatus,
)
from tests.factories import make_actor, make_article
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork

BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)
NEW_DRAFT = ArticleDraft(
    title="Title", summary=None, content="Content", cover_url=None, scope=ArticleScope.PUBLIC
)


@pytest.fixture
def article(store: InMemoryStore) -> Article:
    article = make_article()
    store.news[article.id] = article
    return article


async def test_stores_a_draft_by_the_actor_when_created(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    created = await create_article(NEW_DRAFT, actor=BOARD_MEMBER, uow=uow, clock=clock)

    stored = store.news[created.id]
    assert stored.status is ArticleStatus.DRAFT
    assert stored.author_id == BOARD_MEMBER.member_id
    assert stored.created_at == clock.now()


async def test_stores_the_next_version_when_edited(
    store: InMemoryStore, uow: InMemoryUnitOfWork, article: Article, clock: FixedClock
) -> None:
    clock.move(timedelta(hours=1))

    edited = await edit_article(
        article.id,
        ArticleChanges(title="New"),
        versions=frozenset({1}),
        actor=BOARD_MEMBER,
        uow=uow,
        clock=clock,
    )

    assert edited.version == 2
    assert store.news[article.id].title == "New"
    assert store.news[article.id].updated_at == clock.now()


async def test_stores_nothing_when_the_version_is_stale(
    store: InMemoryStore, uow: InMemoryUnitOfWork, article: Article, clock: FixedClock
) -> None:
    seen = frozenset({7})

    with pytest.raises(VersionMismatchError):
        await edit_article(
            article.id,
            ArticleChanges(title="New"),
            versions=seen,
            actor=BOARD_MEMBER,
            uow=uow,
            clock=clock,
        )
    with pytest.raises(VersionMismatchError):
        await remove_article(article.id, versions=seen, actor=BOARD_MEMBER, uow=uow, clock=clock)

    assert store.news[article.id].title == article.title
    assert store.news[article.id].deleted_at is None


async def test_stores_the_status_when_published_and_archived(
    store: InMemoryStore, uow: InMemoryUnitOfWork, article: Article, clock: FixedClock
) -> None:
    published = await publish_article(article.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    assert published.status is store.news[article.id].status is ArticleStatus.PUBLISHED

    archived = await archive_article(article.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    assert archived.status is store.news[article.id].status is ArticleStatus.ARCHIVED


async def test_stores_nothing_when_the_entity_refuses(
    store: InMemoryStore, uow: InMemoryUnitOfWork, article: Article, clock: FixedClock
) -> None:
    await publish_article(article.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    published_at = store.news[article.id].published_at
    clock.move(timedelta(hours=1))

    with pytest.raises(ArticleNotDraftError):
        await publish_article(article.id, actor=BOARD_MEMBER, uow=uow, clock=clock)

    assert store.news[article.id].published_at == published_at


async def test_finds_nothing_when_removed(
    uow: InMemoryUnitOfWork, article: Article, clock: FixedClock
) -> None:
    await remove_article(article.id, versions=None, actor=BOARD_MEMBER, uow=uow, clock=clock)

    with pytest.raises(ArticleNotFoundError):
        await publish_article(article.id, actor=BOARD_MEMBER, uow=uow, clock=clock)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda _, ports: create_article(NEW_DRAFT, **ports),
        lambda key, ports: edit_article(key, ArticleChanges(title="New"), versions=None, **ports),
        lambda key, ports: publish_article(key, **ports),
        lambda key, ports: archive_article(key, **ports),
        lambda key, ports: remove_article(key, versions=None, **ports),
    ],
)
async def test_opens_no_transaction_when_the_role_does_not_suffice(
    attempt: Callable[[ArticleId, dict[str, object]], Awaitable[object]],
    store: InMemoryStore,
    uow: InMemoryUnitOfWork,
    article: Article,
    clock: FixedClock,
) -> None:
    ports = {"actor": make_actor(Role.MEMBER), "uow": uow, "clock": clock}

    with pytest.raises(ForbiddenError):
        await attempt(article.id, ports)

    assert list(store.news.values()) == [article]
    assert not hasattr(uow, "news")
