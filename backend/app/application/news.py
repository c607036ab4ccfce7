"""Use cases of news."""

from app.application.access import Action, Actor, authorize
from app.application.news_queries import ArticleSummary, ArticleView, NewsFilter, NewsQueries, NewsVisibility
from app.application.optimistic_locking import require_version
from app.application.paging import Page, PageRequest
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.news import Article, ArticleChanges, ArticleDraft, ArticleId


async def list_articles(
    where: NewsFilter, page: PageRequest, *, actor: Actor | None, queries: NewsQueries
) -> Page[ArticleSummary]:
    authorize(actor, Action.READ_PUBLIC_NEWS)
    return await queries.list_articles(where=where, page=page, visible=NewsVisibility.of(actor))


async def read_article(id: ArticleId, *, actor: Actor | None, queries: NewsQueries) -> ArticleView:
    """Raises ArticleNotFoundError, also for an article that the actor cannot see."""
    authorize(actor, Action.READ_PUBLIC_NEWS)
    return await queries.get_article(id, visible=NewsVisibility.of(actor))


async def create_article(draft: ArticleDraft, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Article:
    """Start a draft in the actor's name."""
    authorize(actor, Action.WRITE_NEWS)
    async with uow:
        article = Article.create(draft, author_id=actor.member_id, at=clock.now())
        uow.news.add(article)
        await uow.commit()
    return article


async def edit_article(
    id: ArticleId,
    changes: ArticleChanges,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Article:
    """Change a draft or a published article. `versions`: see `require_version`."""
    authorize(actor, Action.WRITE_NEWS)
    async with uow:
        article = await uow.news.get(id)
        require_version(article, versions)
        article.edit(changes, at=clock.now())
        await uow.commit()
    return article


async def publish_article(id: ArticleId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Article:
    """Show a draft to its readers."""
    authorize(actor, Action.WRITE_NEWS)
    async with uow:
        article = await uow.news.get(id)
        article.publish(at=clock.now())
        await uow.commit()
    return article


async def archive_article(id: ArticleId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Article:
    """Hide a published article from everybody except the board."""
    authorize(actor, Action.WRITE_NEWS)
    async with uow:
        article = await uow.news.get(id)
        article.archive(at=clock.now())
        await uow.commit()
    return article


async def remove_article(
    id: ArticleId, *, versions: frozenset[int] | None, actor: Actor, uow: UnitOfWork, clock: Clock
) -> None:
    """Hide an article from everybody. The row stays for the record."""
    authorize(actor, Action.WRITE_NEWS)
    async with uow:
        article = await uow.news.get(id)
        require_version(article, versions)
        article.remove(at=clock.now())
        await uow.commit()
