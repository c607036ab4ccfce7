"""Keyset pagination: the cost of a page does not grow with its depth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.queries import Page, PageRequest, Position

Item = TypeVar("Item")


@dataclass(frozen=True)
class SortKey:
    """An expression that is never null, and how its value goes into a Position and comes back."""

    expression: ColumnElement[Any]
    read: Callable[[str], object]
    write: Callable[[Any], str]


def by_instant(expression: ColumnElement[Any]) -> SortKey:
    return SortKey(expression, datetime.fromisoformat, datetime.isoformat)


def by_text(expression: ColumnElement[Any]) -> SortKey:
    return SortKey(expression, str, str)


async def fetch_page(
    connection: AsyncConnection,
    query: Select[Any],
    item: Callable[..., Item],
    *,
    id: ColumnElement[Any],
    keys: Mapping[str, SortKey],
    page: PageRequest,
) -> Page[Item]:
    """Run the query for one page; `item` is called with each row's columns.

    Rows are ordered by the key and then the id, both in the same direction, so that one index on
    (key, id) serves both directions and the row comparison.
    """
    key = keys[page.sort.removeprefix("-")]
    place = tuple_(key.expression, id)
    descending = page.sort.startswith("-")
    query = query.add_columns(key.expression, id).limit(page.limit + 1)
    if descending:
        query = query.order_by(key.expression.desc(), id.desc())
    else:
        query = query.order_by(key.expression, id)
    if page.after is not None:
        end = tuple_(
            literal(key.read(page.after.key), key.expression.type),
            literal(page.after.id, id.type),
        )
        query = query.where(place < end if descending else place > end)
    rows = (await connection.execute(query)).all()
    items = [item(*row[:-2]) for row in rows[: page.limit]]
    if len(rows) <= page.limit:
        return Page(items, None)
    *_, last_key, last_id = rows[page.limit - 1]
    return Page(items, Position(key.write(last_key), last_id))
