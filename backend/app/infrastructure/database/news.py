"""News in PostgreSQL: table, mapping, repository."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.news import Article, ArticleId, ArticleNotFoundError, ArticleScope, ArticleStatus
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry
from app.infrastructure.database.texts import in_spanish_order, searched

news = Table(
    "news",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("summary", Text),
    Column("content", Text, nullable=False),
    Column("cover_url", Text),
    Column(
        "status",
        Enum(ArticleStatus, native_enum=False, create_constraint=True, name="status", length=20),
        nullable=False,
    ),
    Column(
        "scope",
        Enum(ArticleScope, native_enum=False, create_constraint=True, name="scope", length=20),
        nullable=False,
    ),
    Column("author_id", ForeignKey(members.c.id), nullable=False, index=True),
    Column("published_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("(status = 'DRAFT') = (published_at IS NULL)", name="published_at"),
)

sorted_at = func.coalesce(news.c.published_at, news.c.created_at)
"""The time of publication, or else of creation, so that no sort key is null."""

not_removed = news.c.deleted_at.is_(None)

Index("ix_news_sorted_at_id", sorted_at, news.c.id, postgresql_where=not_removed)
Index("ix_news_sorted_title_id", in_spanish_order(news.c.title), news.c.id, postgresql_where=not_removed)

searched_news = searched(news.c.title, news.c.summary, news.c.content)
Index("ix_news_searched", searched_news, postgresql_using="gin", postgresql_where=not_removed)

mapper_registry.map_imperatively(Article, news, version_id_col=news.c.version)


class SqlAlchemyArticleRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, article: Article) -> None:
        self._session.add(article)

    async def get(self, id: ArticleId) -> Article:
        article = await self._session.scalar(select(Article).where(news.c.id == id, not_removed))
        if article is None:
            raise ArticleNotFoundError
        return article
