"""Exports from PostgreSQL: a server-side cursor in one snapshot, so memory stays flat."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, select

from app.application.exports import Row, Rows
from app.application.queries import MemberFilter, NewsFilter, NewsVisibility
from app.core.database import Connections
from app.infrastructure.database.consultations import options, questions
from app.infrastructure.database.members import members
from app.infrastructure.database.news import news
from app.infrastructure.database.news_queries import matching_news, visible_news
from app.infrastructure.database.responses import responses

ROWS_AT_ONCE = 500

NEWS = (
    news.c.id,
    news.c.title,
    news.c.summary,
    news.c.content,
    news.c.cover_url,
    news.c.status,
    news.c.scope,
    news.c.author_id,
    news.c.published_at,
    news.c.created_at,
    news.c.updated_at,
)

MEMBERS = (
    members.c.id,
    members.c.email,
    members.c.full_name,
    members.c.phone,
    members.c.role,
    members.c.is_active,
    members.c.email_verified_at,
    members.c.created_at,
    members.c.updated_at,
)


def matching_members(where: MemberFilter) -> list[ColumnElement[bool]]:
    wanted = {members.c.role: where.role, members.c.is_active: where.is_active}
    return [column == value for column, value in wanted.items() if value is not None]


class SqlAlchemyExportSource:
    def __init__(self, snapshot: Connections) -> None:
        self._snapshot = snapshot

    def news(self, *, where: NewsFilter, visible: NewsVisibility) -> Rows:
        query = select(*NEWS).where(visible_news(visible), *matching_news(where))
        return self._rows(query.order_by(news.c.id))

    def members(self, *, where: MemberFilter) -> Rows:
        query = select(*MEMBERS).where(*matching_members(where))
        return self._rows(query.order_by(members.c.id))

    def responses(self, id: UUID) -> Rows:
        """One row a chosen option or a text."""
        given = responses.c
        answer = func.coalesce(options.c.text, given.texts.op("->>")(cast(questions.c.id, Text)))
        query = (
            select(
                given.id.label("response_id"),
                given.member_id,
                given.created_at.label("responded_at"),
                questions.c.id.label("question_id"),
                questions.c.title.label("question"),
                answer.label("answer"),
            )
            .join(questions, questions.c.consultation_id == given.consultation_id)
            .outerjoin(
                options, and_(options.c.question_id == questions.c.id, options.c.id == given.choices.any_())
            )
            .where(given.consultation_id == id, answer.is_not(None))
        )
        return self._rows(query.order_by(given.id, questions.c.position, options.c.position))

    def _rows(self, query: Select[Any]) -> Rows:
        return Rows(tuple(query.selected_columns.keys()), self._stream(query))

    async def _stream(self, query: Select[Any]) -> AsyncIterator[Sequence[Row]]:
        async with self._snapshot() as connection:
            result = await connection.stream(query.execution_options(yield_per=ROWS_AT_ONCE))
            async for batch in result.partitions():
                yield batch
