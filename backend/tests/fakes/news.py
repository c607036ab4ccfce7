"""Articles in memory."""

from uuid import UUID

from app.domain.news import Article, ArticleId, ArticleNotFoundError


class InMemoryArticleRepository:
    def __init__(self, rows: dict[UUID, Article]) -> None:
        self._rows = rows

    def add(self, article: Article) -> None:
        self._rows[article.id] = article

    async def get(self, id: ArticleId) -> Article:
        article = self._rows.get(id)
        if article is None or article.deleted_at is not None:
            raise ArticleNotFoundError
        return article
