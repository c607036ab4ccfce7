"""Reads of news."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from app.application.news_queries import ArticleSummary, ArticleView, NewsFilter, NewsVisibility
from app.application.paging import Page, PageRequest
from app.core.database import Reads
from app.domain.news import ArticleId, ArticleNotFoundError, ArticleScope, ArticleStatus
from app.infrastructure.database.keyset import Listing, by_instant, by_text
from app.infrastructure.database.news import news, not_removed, searched_news, sorted_at
from app.infrastructure.database.read_models import Statement, columns_of, fetch_one, given
from app.infrastructure.database.texts import has_words

SORT_KEYS = {"published_at": by_instant(sorted_at), "title": by_text(news.c.title)}

ARTICLE = columns_of(news, ArticleView)


def visible_news(visible: NewsVisibility) -> ColumnElement[bool]:
    """The condition of every read of articles."""
    conditions: list[ColumnElement[bool]] = [not_removed]
    if not visible.internal:
        conditions.append(news.c.scope == ArticleScope.PUBLIC)
    if not visible.unpublished:
        conditions.append(news.c.status == ArticleStatus.PUBLISHED)
    return and_(*conditions)


NEWS_CONDITIONS = {
    "status": news.c.status == bindparam("status"),
    "scope": news.c.scope == bindparam("scope"),
    "author_id": news.c.author_id == bindparam("author_id"),
    "words": has_words(searched_news),
}
"""Conditions for the fields of NewsFilter."""


def _summaries(visible: NewsVisibility) -> Select[Any]:
    return select(*columns_of(news, ArticleSummary)).where(visible_news(visible))


_LISTING = Listing(_summaries, ArticleSummary, news.c.id, SORT_KEYS, NEWS_CONDITIONS)


@cache
def _article(visible: NewsVisibility) -> Statement:
    return Statement(select(*ARTICLE).where(news.c.id == bindparam("id"), visible_news(visible)))


class SqlAlchemyNewsQueries:
    """`public_reads` serve what everybody may see. Without them `reads` serve everything."""

    def __init__(self, reads: Reads, *, public_reads: Reads | None = None) -> None:
        self._reads = reads
        self._public_reads = public_reads or reads

    def _reads_for(self, visible: NewsVisibility) -> Reads:
        return self._public_reads if visible.is_public else self._reads

    async def list_articles(
        self, *, where: NewsFilter, page: PageRequest, visible: NewsVisibility
    ) -> Page[ArticleSummary]:
        return await _LISTING.fetch(self._reads_for(visible), page=page, visible=visible, where=given(where))

    async def get_article(self, id: ArticleId, *, visible: NewsVisibility) -> ArticleView:
        row = await fetch_one(self._reads_for(visible), _article(visible), id=id)
        if row is None:
            raise ArticleNotFoundError
        return ArticleView(*row)
