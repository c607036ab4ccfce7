"""Schemas of news."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import MISSING, Field

from app.application.news_queries import NewsFilter, NewsSort
from app.domain.news import Article, ArticleChanges, ArticleDraft, ArticleScope, ArticleStatus
from app.presentation.http.pagination import PageOf, PageParams
from app.presentation.http.schemas.base import (
    MultilineText,
    Schema,
    SearchWords,
    Text,
    VersionedView,
)

Title = Annotated[
    Text,
    Field(min_length=1, max_length=Article.MAX_TITLE_LENGTH, examples=["The garden opens again"]),
]
Summary = Annotated[
    MultilineText,
    Field(min_length=1, max_length=Article.MAX_SUMMARY_LENGTH, examples=["From Monday, 9 to 20 h."]),
]
Content = Annotated[
    MultilineText,
    Field(
        min_length=1,
        max_length=Article.MAX_CONTENT_LENGTH,
        description="Markdown. Clients must render it safely: the server does not remove HTML.",
        examples=["The **garden** is open again from Monday."],
    ),
]
CoverUrl = Annotated[
    Text,
    Field(
        max_length=Article.MAX_COVER_URL_LENGTH,
        description="An absolute https address.",
        examples=["https://pau2.example/garden.jpg"],
    ),
]


class NewsCreate(Schema):
    title: Title
    summary: Summary | None = None
    content: Content
    cover_url: CoverUrl | None = None
    scope: ArticleScope

    def to_draft(self) -> ArticleDraft:
        return ArticleDraft(
            title=self.title,
            summary=self.summary,
            content=self.content,
            cover_url=self.cover_url,
            scope=self.scope,
        )


class NewsUpdate(Schema):
    """A merge patch (RFC 7396): absent fields stay, null clears summary and cover."""

    title: Title | MISSING = MISSING
    summary: Summary | MISSING | None = MISSING
    content: Content | MISSING = MISSING
    cover_url: CoverUrl | MISSING | None = MISSING
    scope: ArticleScope | MISSING = MISSING

    def to_changes(self) -> ArticleChanges:
        return cast("ArticleChanges", self.model_dump())


class NewsSummary(VersionedView):
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


class NewsRead(NewsSummary):
    content: str


class NewsPage(PageOf[NewsSummary]):
    """A page of articles."""


class NewsFilterParams(Schema):
    status: ArticleStatus | None = None
    scope: ArticleScope | None = None
    author_id: UUID | None = None
    q: SearchWords | None = None

    def to_filter(self) -> NewsFilter:
        return NewsFilter(status=self.status, scope=self.scope, author_id=self.author_id, words=self.q)


class NewsListParams(NewsFilterParams, PageParams):
    sort: NewsSort = Field(
        NewsSort.NEWEST,
        description="`-` before a name: descending. Drafts sort by the date of their creation.",
    )
