"""The news reads: Core rows on AUTOCOMMIT connections, no identity map."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from app.application.queries import (
    ArticleSummary,
    ArticleView,
    NewsFilter,
    NewsVisibility,
    Page,
    PageRequest,
)
from app.core.database import Connections
from app.domain.news import ArticleNotFoundError, ArticleScope, ArticleStatus
from app.infrastructure.database.keyset import by_instant, by_text, fetch_page
from app.infrastructure.database.news import news, not_removed, searched_news, sorted_at
from app.infrastructure.database.read_models import columns_of
from app.infrastructure.database.texts import has_words

SORT_KEYS = {"published_at": by_instant(sorted_at), "title": by_text(news.c.title)}

_SUMMARY = columns_of(news, ArticleSummary)
ARTICLE = columns_of(news, ArticleView)


def visible_news(visible: NewsVisibility) -> ColumnElement[bool]:
    """The condition that every read of articles carries."""
    conditions: list[ColumnElement[bool]] = [not_removed]
    if not visible.internal:
        conditions.append(news.c.scope == ArticleScope.PUBLIC)
    if not visible.unpublished:
        conditions.append(news.c.status == ArticleStatus.PUBLISHED)
    return and_(*conditions)


def matching_news(where: NewsFilter) -> list[ColumnElement[bool]]:
    wanted = {
        news.c.status: where.status,
        news.c.scope: where.scope,
        news.c.author_id: where.author_id,
    }
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if where.words is not None:
        conditions.append(has_words(searched_news, where.words))
    return conditions


class SqlAlchemyNewsQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def list_articles(
        self, *, where: NewsFilter, page: PageRequest, visible: NewsVisibility
    ) -> Page[ArticleSummary]:
        query = select(*_SUMMARY).where(visible_news(visible), *matching_news(where))
        async with self._reads() as connection:
            return await fetch_page(
                connection, query, ArticleSummary, id=news.c.id, keys=SORT_KEYS, page=page
            )

    async def get_article(self, id: UUID, *, visible: NewsVisibility) -> ArticleView:
        query = select(*ARTICLE).where(news.c.id == id, visible_news(visible))
        async with self._reads() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise ArticleNotFoundError
        return ArticleView(*row)
