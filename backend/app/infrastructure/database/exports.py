"""Exports from PostgreSQL: a server-side cursor in one snapshot, with constant memory."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import KeyedColumnElement

from app.application.events_queries import EventFilter, EventVisibility
from app.application.export_files import ColumnKind, Row, RowStream
from app.application.exports import MAX_CONCURRENT_EXPORTS, TooManyExportsError
from app.application.members_queries import MemberFilter
from app.application.news_queries import NewsFilter, NewsVisibility
from app.core.database import ConnectionFactory
from app.domain.members.member import MemberId
from app.infrastructure.database.consultations import options, questions
from app.infrastructure.database.csv_copies import CsvCopy
from app.infrastructure.database.events import events
from app.infrastructure.database.events_queries import EVENT, EVENT_CONDITIONS, visible_events
from app.infrastructure.database.members import members, not_erased
from app.infrastructure.database.members_queries import MEMBER, MEMBER_CONDITIONS
from app.infrastructure.database.news import news
from app.infrastructure.database.news_queries import ARTICLE, NEWS_CONDITIONS, visible_news
from app.infrastructure.database.read_models import Conditions, Filter, given
from app.infrastructure.database.responses import responses

BATCH_SIZE = 500


NEWS = tuple(column for column in ARTICLE if column is not news.c.version)
MEMBERS = tuple(column for column in MEMBER if column is not members.c.version)


class SqlAlchemyExportSource:
    def __init__(self, snapshot: ConnectionFactory) -> None:
        self._snapshot = snapshot

    def news(self, *, where: NewsFilter, visible: NewsVisibility, requested_by: MemberId) -> RowStream:
        query = select(*map(_as_text, NEWS)).where(visible_news(visible))
        query = _matching(query, NEWS_CONDITIONS, where)
        return self._rows_and_csv(query, news.c.id, given(where), requested_by, _times(NEWS))

    def events(self, *, where: EventFilter, visible: EventVisibility, requested_by: MemberId) -> RowStream:
        """Return ids and times unformatted, as the calendar needs them."""
        query = _matching(select(*EVENT).where(visible_events(visible)), EVENT_CONDITIONS, where)
        return self._rows(query.params(given(where)).order_by(events.c.id), requested_by, _times(EVENT))

    def members(self, *, where: MemberFilter, requested_by: MemberId) -> RowStream:
        query = select(*map(_as_text, MEMBERS)).where(not_erased)
        query = _matching(query, MEMBER_CONDITIONS, where)
        kinds = _times(MEMBERS) | {"phone": ColumnKind.PHONE}
        return self._rows_and_csv(query, members.c.id, given(where), requested_by, kinds)

    def responses(self, id: UUID, *, requested_by: MemberId) -> RowStream:
        """Return a row for each chosen option and each text."""
        row = responses.c
        answer = func.coalesce(options.c.text, row.texts.op("->>")(cast(questions.c.id, Text)))
        query = (
            select(
                _as_text(row.id).label("response_id"),
                _as_text(row.member_id),
                _as_text(row.created_at).label("responded_at"),
                _as_text(questions.c.id).label("question_id"),
                questions.c.title.label("question"),
                answer.label("answer"),
            )
            .join(questions, questions.c.consultation_id == row.consultation_id)
            .outerjoin(
                options, and_(options.c.question_id == questions.c.id, options.c.id == row.choices.any_())
            )
            .where(row.consultation_id == id, answer.is_not(None))
        )
        query = query.order_by(row.id, questions.c.position, options.c.position)
        return self._rows(query, requested_by, {"responded_at": ColumnKind.TIME})

    def _rows_and_csv(
        self,
        query: Select[Any],
        id: ColumnElement[UUID],
        values: Mapping[str, object],
        requested_by: MemberId,
        kinds: Mapping[str, ColumnKind],
    ) -> RowStream:
        copy = CsvCopy(query, id, values=values, kinds=kinds)
        rows = self._rows(query.params(values).order_by(id), requested_by, kinds)
        return replace(rows, csv_chunks=self._copy(copy, requested_by))

    def _rows(self, query: Select[Any], requested_by: MemberId, kinds: Mapping[str, ColumnKind]) -> RowStream:
        return RowStream(tuple(query.selected_columns.keys()), self._stream(query, requested_by), kinds)

    async def _copy(self, copy: CsvCopy, requested_by: MemberId) -> AsyncGenerator[bytes]:
        async with self._snapshot() as connection:
            await _acquire_slot(connection, requested_by)
            async with aclosing(copy.chunks(connection)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _stream(self, query: Select[Any], requested_by: MemberId) -> AsyncGenerator[Sequence[Row]]:
        async with self._snapshot() as connection:
            await _acquire_slot(connection, requested_by)
            result = await connection.stream(query.execution_options(yield_per=BATCH_SIZE))
            try:
                async for batch in result.partitions():
                    yield batch
            finally:  # a context manager would not be closed with the generator
                await result.close()


def _matching(query: Select[Any], conditions: Conditions, where: Filter) -> Select[Any]:
    return query.where(*(conditions[name] for name in given(where)))


async def _acquire_slot(connection: AsyncConnection, requested_by: MemberId) -> None:
    """Acquire one of the member's slots until the transaction ends. Raises TooManyExportsError.

    An advisory lock counts across instances, and ends with the connection of an instance that dies.
    """
    places = [
        func.hashtextextended(f"export {requested_by}", place) for place in range(MAX_CONCURRENT_EXPORTS)
    ]
    # CASE stops at the first lock that it gets; OR might acquire several.
    taken = case(*((func.pg_try_advisory_xact_lock(place), True) for place in places), else_=False)
    if not await connection.scalar(select(taken)):
        raise TooManyExportsError


def _times(columns: Iterable[KeyedColumnElement[Any]]) -> dict[str, ColumnKind]:
    return {str(column.key): ColumnKind.TIME for column in columns if isinstance(column.type, DateTime)}


def _as_text(column: KeyedColumnElement[Any]) -> ColumnElement[Any]:
    """Format ids, days and times (UTC, to the microsecond) in PostgreSQL: in Python this takes longer than
    the rest of an export."""
    if isinstance(column.type, DateTime):
        shape = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
        return func.to_char(func.timezone("UTC", column), shape).label(column.key)
    if isinstance(column.type, Date):
        return func.to_char(column, "YYYY-MM-DD").label(column.key)
    if isinstance(column.type, Uuid):
        return cast(column, Text).label(column.key)
    if isinstance(column.type, Boolean):
        return column
    return type_coerce(column, Text).label(column.key)
