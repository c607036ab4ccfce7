"""Reads of news: the read models, filter, order and visibility of articles."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.access import Action, Actor, is_allowed
from app.application.paging import Page, PageRequest
from app.domain.news import ArticleId, ArticleScope, ArticleStatus


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article in a list, without its content."""

    id: UUID
    title: str
    summary: str | None
    cover_url: str | None
    status: ArticleStatus
    scope: ArticleScope
    author_id: UUID
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ArticleView(ArticleSummary):
    content: str


@dataclass(frozen=True, slots=True)
class NewsFilter:
    """Each given field must match exactly; `words` are those that title, summary or content must have."""

    status: ArticleStatus | None = None
    scope: ArticleScope | None = None
    author_id: UUID | None = None
    words: str | None = None


class NewsSort(StrEnum):
    """Drafts, which have no publication date, are sorted by their creation."""

    NEWEST = "-published_at"
    OLDEST = "published_at"
    TITLE = "title"
    TITLE_DESCENDING = "-title"


@dataclass(frozen=True, slots=True)
class NewsVisibility:
    """The articles that an actor can see, the same in lists, single reads and exports."""

    internal: bool
    unpublished: bool

    @property
    def is_public(self) -> bool:
        """True when anonymous callers see the same articles."""
        return self == self.of(None)

    @classmethod
    def of(cls, actor: Actor | None) -> "NewsVisibility":
        return cls(
            internal=is_allowed(actor, Action.READ_INTERNAL_NEWS),
            unpublished=is_allowed(actor, Action.READ_UNPUBLISHED_NEWS),
        )


class NewsQueries(Protocol):
    async def list_articles(
        self, *, where: NewsFilter, page: PageRequest, visible: NewsVisibility
    ) -> Page[ArticleSummary]: ...

    async def get_article(self, id: ArticleId, *, visible: NewsVisibility) -> ArticleView:
        """Raises ArticleNotFoundError, also for an article that is not visible."""
        ...
