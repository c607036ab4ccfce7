"""Reads that change nothing. They return frozen read models straight from rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from app.application.access import Action, Actor, may
from app.domain.news import ArticleScope, ArticleStatus

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the sort key's value (instants in ISO 8601) and the id."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` items after the position, in the order of `sort` (`-` before it: descending)."""

    limit: int
    sort: str
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`end` is where the next page starts; None on the last page."""

    items: list[Item]
    end: Position | None


@dataclass(frozen=True, slots=True)
class ArticleView:
    id: UUID
    title: str
    summary: str | None
    content: str
    cover_url: str | None
    status: ArticleStatus
    scope: ArticleScope
    author_id: UUID
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class NewsFilter:
    """Each given field must match exactly."""

    status: ArticleStatus | None = None
    scope: ArticleScope | None = None
    author_id: UUID | None = None


class NewsSort(StrEnum):
    """Drafts have no publication date yet and take the date of their creation for sorting."""

    NEWEST = "-published_at"
    OLDEST = "published_at"
    TITLE = "title"
    TITLE_DESCENDING = "-title"


@dataclass(frozen=True, slots=True)
class NewsVisibility:
    """Which articles somebody can see. Lists, single reads and exports use the same rule."""

    internal: bool
    unpublished: bool

    @classmethod
    def of(cls, actor: Actor | None) -> "NewsVisibility":
        return cls(
            internal=may(actor, Action.READ_INTERNAL_NEWS),
            unpublished=may(actor, Action.READ_UNPUBLISHED_NEWS),
        )


class NewsQueries(Protocol):
    async def list_articles(
        self, *, where: NewsFilter, page: PageRequest, visible: NewsVisibility
    ) -> Page[ArticleView]: ...

    async def get_article(self, id: UUID, *, visible: NewsVisibility) -> ArticleView:
        """Raises ArticleNotFoundError, also for an article that is not visible."""
        ...
