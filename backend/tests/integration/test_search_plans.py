"""Searches among many rows use an index."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.members_queries import MemberFilter
from app.application.news_queries import NewsFilter, NewsVisibility
from app.application.paging import PageRequest
from app.core.database import Database, create_database
from app.infrastructure.database.members_queries import SqlAlchemyMemberQueries
from app.infrastructure.database.news_queries import SqlAlchemyNewsQueries
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import make_article, make_member

EVERYTHING = NewsVisibility(internal=True, unpublished=True)
COPIES = {
    "members": """INSERT INTO members SELECT (json_populate_record(m, json_build_object(
            'id', gen_random_uuid(), 'email', 'n' || n || '@pau2.example', 'full_name', 'Vecina ' || n
        ))).* FROM members AS m, generate_series(1, 5000) AS n WHERE m.id = :id""",
    "news": """INSERT INTO news SELECT (json_populate_record(a, json_build_object(
            'id', gen_random_uuid(), 'title', 'Noticia ' || n
        ))).* FROM news AS a, generate_series(1, 5000) AS n WHERE a.id = :id""",
}

Search = Callable[[Database], Awaitable[Any]]


def in_members(database: Database) -> Awaitable[Any]:
    page = PageRequest(limit=20, sort="full_name")
    return SqlAlchemyMemberQueries(database.reads).list_members(where=MemberFilter(words="ibanez"), page=page)


def in_news(database: Database) -> Awaitable[Any]:
    page = PageRequest(limit=20, sort="-published_at")
    return SqlAlchemyNewsQueries(database.reads).list_articles(
        where=NewsFilter(words="ibanez"), page=page, visible=EVERYTHING
    )


@pytest.mark.parametrize(("table", "search"), [("members", in_members), ("news", in_news)])
async def test_finds_one_of_many_by_the_index_when_words_are_searched(
    *,
    table: str,
    search: Search,
    fresh_engine: AsyncEngine,
    owner_engine: AsyncEngine,
    fresh_uow: SqlAlchemyUnitOfWork,
    statements: list[tuple[str, Any]],
) -> None:
    member = make_member(full_name="Marta Ibáñez")
    article = make_article(author_id=member.id, title="Calle Ibáñez")
    async with fresh_uow as uow:
        uow.members.add(member)
        await uow.flush()
        uow.news.add(article)
        await uow.commit()
    sample = {"members": member.id, "news": article.id}[table]
    async with owner_engine.begin() as owner:
        await owner.execute(text(COPIES[table]), {"id": sample})
        await owner.execute(text(f"ANALYZE {table}"))
    statements.clear()

    page = await search(create_database(fresh_engine))
    statement, parameters = statements[0]
    async with fresh_engine.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)

    assert [item.id for item in page.items] == [sample]
    lines = "\n".join(plan.scalars())
    assert f"Bitmap Index Scan on ix_{table}_searched" in lines, lines
