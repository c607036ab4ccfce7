"""The cost of reads: statements, plans and connections."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.audit_queries import AuditFilter, AuditSort
from app.application.consultations_queries import (
    ConsultationFilter,
    ConsultationSort,
    ConsultationVisibility,
)
from app.application.events_queries import EventFilter, EventSort, EventVisibility
from app.application.members_queries import MemberFilter, MemberSort
from app.application.news_queries import NewsFilter, NewsSort, NewsVisibility
from app.application.paging import KeysetPosition, PageRequest
from app.core.database import Database, create_database, create_engine
from app.core.settings import Settings
from app.domain.errors import DomainError
from app.domain.events import EventId
from app.domain.members.member import Role
from app.domain.news import ArticleId
from app.infrastructure.database.audit_queries import SqlAlchemyAuditQueries
from app.infrastructure.database.authentication import SqlAlchemyAuthenticator
from app.infrastructure.database.consultations_queries import SqlAlchemyConsultationQueries
from app.infrastructure.database.events_queries import SqlAlchemyEventQueries
from app.infrastructure.database.exports import SqlAlchemyExportSource
from app.infrastructure.database.members_queries import SqlAlchemyMemberQueries
from app.infrastructure.database.news_queries import SqlAlchemyNewsQueries
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.access_tokens import JwtAccessTokens
from tests.factories import make_actor, make_article, make_member, make_session
from tests.fakes import FixedClock
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


List = Callable[[Database, PageRequest], Awaitable[object]]
Read = Callable[[Database], Awaitable[object]]


def list_news(database: Database, page: PageRequest) -> Awaitable[object]:
    queries = SqlAlchemyNewsQueries(database.reads)
    return queries.list_articles(where=NewsFilter(), page=page, visible=EVERYTHING)


def list_public_news(database: Database, page: PageRequest) -> Awaitable[object]:
    queries = SqlAlchemyNewsQueries(database.reads)
    return queries.list_articles(where=NewsFilter(), page=page, visible=NewsVisibility.of(None))


def list_events(database: Database, page: PageRequest) -> Awaitable[object]:
    queries = SqlAlchemyEventQueries(database.reads)
    return queries.list_events(where=EventFilter(), page=page, visible=EventVisibility.of(None))


def list_members(database: Database, page: PageRequest) -> Awaitable[object]:
    return SqlAlchemyMemberQueries(database.reads).list_members(where=MemberFilter(), page=page)


def list_consultations(database: Database, page: PageRequest) -> Awaitable[object]:
    queries = SqlAlchemyConsultationQueries(database.reads)
    return queries.list_consultations(where=ConsultationFilter(), page=page, visible=BOARD)


def list_audit_entries(database: Database, page: PageRequest) -> Awaitable[object]:
    return SqlAlchemyAuditQueries(database.reads).list_entries(where=AuditFilter(), page=page)


def list_audit_entries_of_actor(database: Database, page: PageRequest) -> Awaitable[object]:
    where = AuditFilter(actor_id=uuid4())
    return SqlAlchemyAuditQueries(database.reads).list_entries(where=where, page=page)


def list_audit_entries_of_action(database: Database, page: PageRequest) -> Awaitable[object]:
    where = AuditFilter(action="members:export")
    return SqlAlchemyAuditQueries(database.reads).list_entries(where=where, page=page)


SORTS: dict[List, type[StrEnum]] = {
    list_news: NewsSort,
    list_public_news: NewsSort,
    list_events: EventSort,
    list_members: MemberSort,
    list_consultations: ConsultationSort,
    list_audit_entries: AuditSort,
    list_audit_entries_of_actor: AuditSort,
    list_audit_entries_of_action: AuditSort,
}
"""Each list that may become long, with the orders in which it can be read."""

DEEP = KeysetPosition(key="2026-11-22T09:30:00+00:00", id=uuid4())


@pytest.mark.parametrize("after", [None, DEEP], ids=["first", "deep"])
@pytest.mark.parametrize(("read", "sort"), [(read, sort) for read, sorts in SORTS.items() for sort in sorts])
async def test_walks_an_index_when_a_page_is_read(
    *,
    read: List,
    sort: str,
    after: KeysetPosition | None,
    database: Database,
    connection: AsyncConnection,
    statements: list[tuple[str, Any]],
) -> None:
    await read(database, PageRequest(limit=20, sort=sort, after=after))

    plan = await plan_for_many_rows(connection, statements)

    assert "Index Scan" in plan, plan
    assert "Sort" not in plan, plan


def read_article(database: Database) -> Awaitable[object]:
    return SqlAlchemyNewsQueries(database.reads).get_article(ArticleId(uuid4()), visible=EVERYTHING)


def read_event(database: Database) -> Awaitable[object]:
    queries = SqlAlchemyEventQueries(database.reads)
    return queries.get_event(EventId(uuid4()), visible=EventVisibility.of(None))


def read_member(database: Database) -> Awaitable[object]:
    return SqlAlchemyMemberQueries(database.reads).get_member(make_member().id)


def authenticate(database: Database) -> Awaitable[object]:
    tokens = JwtAccessTokens({"key": "k" * 32}, clock=FixedClock())
    session = make_session(make_member())
    token = tokens.issue(member_id=session.member_id, session_id=session.id)
    authenticator = SqlAlchemyAuthenticator(database.reads, tokens=tokens, clock=FixedClock())
    return authenticator.authenticate(token.text)


@pytest.mark.parametrize("read", [read_article, read_event, read_member, authenticate])
async def test_finds_a_row_by_its_id_when_one_is_read(
    read: Read, database: Database, connection: AsyncConnection, statements: list[tuple[str, Any]]
) -> None:
    with suppress(DomainError):
        await read(database)

    plan = await plan_for_many_rows(connection, statements)

    assert "Index Cond: (id = " in plan, plan
    assert "Seq Scan" not in plan, plan


async def plan_for_many_rows(connection: AsyncConnection, statements: list[tuple[str, Any]]) -> str:
    """EXPLAIN the only statement as for large tables: the planner ignores the indexes of small ones."""
    [(statement, parameters)] = statements
    for way in ("seqscan", "bitmapscan"):
        await connection.execute(text(f"SET LOCAL enable_{way} = off"))
    plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return "\n".join(plan.scalars())


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
