"""Keyset pagination: the cost of a page does not grow with its depth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.queries import Page, PageRequest, Position
from app.infrastructure.database.texts import in_spanish_order

Item = TypeVar("Item")


@dataclass(frozen=True)
class SortKey:
    """An expression that is never null, and how its value goes into a Position and comes back.

    `order` makes of the expression, and of the value of a Position, what rows are sorted by.
    """

    expression: ColumnElement[Any]
    read: Callable[[str], object]
    write: Callable[[Any], str]
    order: Callable[[ColumnElement[Any]], ColumnElement[Any]] = lambda expression: expression


def by_instant(expression: ColumnElement[Any]) -> SortKey:
    return SortKey(expression, datetime.fromisoformat, datetime.isoformat)


def by_text(expression: ColumnElement[Any]) -> SortKey:
    """Sort as Spanish dictionaries do."""
    return SortKey(expression, str, str, in_spanish_order)


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
    sorted_by = key.order(key.expression)
    place = tuple_(sorted_by, id)
    descending = page.sort.startswith("-")
    query = query.add_columns(key.expression, id).limit(page.limit + 1)
    query = query.order_by(*(each.desc() if descending else each for each in (sorted_by, id)))
    if page.after is not None:
        end = tuple_(
            key.order(literal(key.read(page.after.key), key.expression.type)),
            literal(page.after.id, id.type),
        )
        query = query.where(place < end if descending else place > end)
    rows = (await connection.execute(query)).all()
    items = [item(*row[:-2]) for row in rows[: page.limit]]
    if len(rows) <= page.limit:
        return Page(items, None)
    *_, last_key, last_id = rows[page.limit - 1]
    return Page(items, Position(key.write(last_key), last_id))
