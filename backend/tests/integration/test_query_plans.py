"""The cost of reads: statements, plans and connections."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.consultations_queries import (
    ConsultationFilter,
    ConsultationSort,
    ConsultationVisibility,
)
from app.application.news_queries import NewsFilter, NewsSort, NewsVisibility
from app.application.paging import KeysetPosition, PageRequest
from app.core.database import Database, create_database, create_engine
from app.core.settings import Settings
from app.domain.members.member import Role
from app.infrastructure.database.consultations_queries import SqlAlchemyConsultationQueries
from app.infrastructure.database.exports import SqlAlchemyExportSource
from app.infrastructure.database.news_queries import SqlAlchemyNewsQueries
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import make_actor, make_article, make_member
from tests.plugins.application import ClientFor
from tests.support.http import EVENTS, MEMBERS, NEWS

EVERYTHING = NewsVisibility(internal=True, unpublished=True)
BOARD = ConsultationVisibility.of(make_actor(Role.BOARD_MEMBER))


@pytest.mark.parametrize("path", [NEWS, EVENTS, MEMBERS])
async def test_takes_two_statements_when_a_list_is_read_with_a_token(
    path: str, client_for: ClientFor, statements: list[tuple[str, Any]]
) -> None:
    admin = await client_for(Role.ADMIN)
    statements.clear()

    assert (await admin.get(path)).status_code == 200

    assert len(statements) == 2, statements


Read = Callable[[Database, PageRequest], Awaitable[object]]


def read_news(database: Database, page: PageRequest) -> Awaitable[object]:
    queries = SqlAlchemyNewsQueries(database.reads)
    return queries.list_articles(where=NewsFilter(), page=page, visible=EVERYTHING)


def read_consultations(database: Database, page: PageRequest) -> Awaitable[object]:
    queries = SqlAlchemyConsultationQueries(database.reads)
    return queries.list_consultations(where=ConsultationFilter(), page=page, visible=BOARD)


@pytest.mark.parametrize(
    ("read", "sort"),
    [
        *((read_news, sort) for sort in NewsSort),
        *((read_consultations, sort) for sort in ConsultationSort),
    ],
)
async def test_walks_an_index_when_a_deep_page_is_read(
    read: Read, sort: str, database: Database, connection: AsyncConnection, statements: list[tuple[str, Any]]
) -> None:
    """EXPLAIN the actual statement. The table is large, because the planner ignores indexes of small ones."""
    page = PageRequest(limit=20, sort=sort, after=KeysetPosition(key="2026-11-22T09:30:00+00:00", id=uuid4()))
    await read(database, page)
    [(statement, parameters)] = statements
    for way in ("seqscan", "bitmapscan"):
        await connection.execute(text(f"SET LOCAL enable_{way} = off"))

    plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)

    lines = "\n".join(plan.scalars())
    assert "Index Scan" in lines, lines
    assert "Sort" not in lines, lines


async def test_reads_one_snapshot_when_rows_change_during_an_export(fresh_database_url: str) -> None:
    engine = create_engine(Settings(database_url=SecretStr(fresh_database_url)))
    database = create_database(engine)
    uow = SqlAlchemyUnitOfWork(database.sessions)
    author = make_member()
    async with uow:
        uow.members.add(author)
        await uow.flush()
        for _ in range(1200):
            uow.news.add(make_article(author_id=author.id))
        await uow.commit()

    table = SqlAlchemyExportSource(database.snapshot).news(
        where=NewsFilter(), visible=EVERYTHING, requested_by=author.id
    )
    titles: list[object] = []
    async for batch in table.batches:
        if not titles:
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE news SET title = 'changed'"))
        titles += [row[table.columns.index("title")] for row in batch]

    assert len(titles) == 1200
    assert set(titles) == {"The garden opens again"}
    assert "Current Checked out connections: 0" in engine.pool.status()
    await engine.dispose()
