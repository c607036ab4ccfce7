"""News: articles that the board writes for the neighbourhood."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType, Protocol, Self, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from app.domain.changes import values_of
from app.domain.errors import ConflictError, NotFoundError, RuleViolationError
from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId
from app.domain.texts import multiline, single_line

ArticleId = NewType("ArticleId", UUID)


class ArticleNotFoundError(NotFoundError):
    code: ClassVar[str] = "article_not_found"
    detail: ClassVar[str] = "There is no such article."


class ArticleNotDraftError(ConflictError):
    code: ClassVar[str] = "article_not_draft"
    detail: ClassVar[str] = "Only a draft can be published."


class ArticleNotPublishedError(ConflictError):
    code: ClassVar[str] = "article_not_published"
    detail: ClassVar[str] = "Only a published article can be archived."


class ArticleArchivedError(ConflictError):
    code: ClassVar[str] = "article_archived"
    detail: ClassVar[str] = "An archived article cannot be changed."


class ArticleTitleError(RuleViolationError):
    code: ClassVar[str] = "article_title_invalid"
    detail: ClassVar[str] = "A title has 1 to 200 characters."
    field: ClassVar[str] = "title"


class ArticleSummaryError(RuleViolationError):
    code: ClassVar[str] = "article_summary_invalid"
    detail: ClassVar[str] = "A summary has 1 to 500 characters."
    field: ClassVar[str] = "summary"


class ArticleContentError(RuleViolationError):
    code: ClassVar[str] = "article_content_invalid"
    detail: ClassVar[str] = "The content has 1 to 100,000 characters."
    field: ClassVar[str] = "content"


class CoverUrlError(RuleViolationError):
    code: ClassVar[str] = "cover_url_invalid"
    detail: ClassVar[str] = "A cover URL is an absolute https address of at most 2,000 characters."
    field: ClassVar[str] = "cover_url"


class ArticleStatus(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class ArticleScope(StrEnum):
    """The readers of a published article: everybody, or only members."""

    PUBLIC = "PUBLIC"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, kw_only=True)
class ArticleDraft:
    """The input for a new article. `Article.create` checks it."""

    title: str
    content: str
    scope: ArticleScope
    summary: str | None = None
    cover_url: str | None = None


class ArticleChanges(TypedDict, total=False):
    """A merge patch (RFC 7396): an absent key changes nothing, None clears the value."""

    title: str
    summary: str | None
    content: str
    cover_url: str | None
    scope: ArticleScope


@dataclass(eq=False, kw_only=True)
class Article:
    """A piece of news: DRAFT, then PUBLISHED, then ARCHIVED. Content is Markdown.

    A removed article stays in the database for the record and is invisible to everybody.
    """

    id: ArticleId
    title: str
    summary: str | None
    content: str
    cover_url: str | None
    status: ArticleStatus
    scope: ArticleScope
    author_id: MemberId
    published_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int = 1

    MAX_TITLE_LENGTH: ClassVar[int] = 200
    MAX_SUMMARY_LENGTH: ClassVar[int] = 500
    MAX_CONTENT_LENGTH: ClassVar[int] = 100_000
    MAX_COVER_URL_LENGTH: ClassVar[int] = 2_000

    @classmethod
    def create(cls, draft: ArticleDraft, *, author_id: MemberId, at: datetime) -> Self:
        """Return a new draft. Raises the RuleViolationErrors of this module."""
        article = cls(
            id=ArticleId(uuid7(at)),
            title=draft.title,
            summary=draft.summary,
            content=draft.content,
            cover_url=draft.cover_url,
            status=ArticleStatus.DRAFT,
            scope=draft.scope,
            author_id=author_id,
            published_at=None,
            deleted_at=None,
            created_at=at,
            updated_at=at,
        )
        article._check()
        return article

    def edit(self, changes: ArticleChanges, at: datetime) -> None:
        """Apply the changes. Raises ArticleArchivedError, and the errors of `create`."""
        if self.status is ArticleStatus.ARCHIVED:
            raise ArticleArchivedError
        before = values_of(self, changes)
        self.title = changes.get("title", self.title)
        self.summary = changes.get("summary", self.summary)
        self.content = changes.get("content", self.content)
        self.cover_url = changes.get("cover_url", self.cover_url)
        self.scope = changes.get("scope", self.scope)
        self._check()
        if values_of(self, changes) != before:
            self.updated_at = at

    def publish(self, at: datetime) -> None:
        """Show the draft to its readers. Raises ArticleNotDraftError."""
        if self.status is not ArticleStatus.DRAFT:
            raise ArticleNotDraftError
        self.status = ArticleStatus.PUBLISHED
        self.published_at = self.updated_at = at

    def archive(self, at: datetime) -> None:
        """Hide a published article from everybody except the board. Raises ArticleNotPublishedError."""
        if self.status is not ArticleStatus.PUBLISHED:
            raise ArticleNotPublishedError
        self.status = ArticleStatus.ARCHIVED
        self.updated_at = at

    def remove(self, at: datetime) -> None:
        """Hide the article permanently, in any status."""
        self.deleted_at = self.updated_at = at

    def _check(self) -> None:
        self.title = single_line(self.title, self.MAX_TITLE_LENGTH, ArticleTitleError)
        if self.summary is not None:
            self.summary = multiline(self.summary, self.MAX_SUMMARY_LENGTH, ArticleSummaryError)
        self.content = multiline(self.content, self.MAX_CONTENT_LENGTH, ArticleContentError)
        if self.cover_url is not None and not _is_https(self.cover_url, self.MAX_COVER_URL_LENGTH):
            raise CoverUrlError


_ADDRESS = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""The characters of RFC 3986 §2. Browsers interpret others, such as backslashes, differently."""


def _is_https(url: str, longest: int) -> bool:
    """Return whether this is an absolute https address that all programs parse alike, without a user name."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = len(url) <= longest and _ADDRESS.fullmatch(url) is not None
    return plain and parts.scheme == "https" and bool(parts.hostname) and parts.username is None


class ArticleRepository(Protocol):
    """Articles as a collection, without the removed ones."""

    def add(self, article: Article) -> None: ...

    async def get(self, id: ArticleId) -> Article:
        """Return the article with this id. Raises ArticleNotFoundError."""
        ...
