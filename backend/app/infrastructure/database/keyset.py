"""Keyset pagination: the cost of a page does not grow with its depth."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, bindparam, tuple_

from app.application.paging import KeysetPosition, Page, PageRequest
from app.core.database import Reads
from app.infrastructure.database.read_models import Conditions, Statement, fetch
from app.infrastructure.database.texts import in_spanish_order


class Identified(Protocol):
    """A read model of a page."""

    @property
    def id(self) -> UUID: ...


Item = TypeVar("Item", bound=Identified)

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class SortKey:
    """A sort key: an expression that is never null, and the conversion of its value for a KeysetPosition.

    `order` converts the expression, and a value, to what rows are sorted by.
    """

    expression: ColumnElement[Any]
    read: Callable[[str], object]
    write: Callable[[Any], str]
    order: Callable[[ColumnElement[Any]], ColumnElement[Any]] = lambda expression: expression


def by_instant(expression: ColumnElement[Any]) -> SortKey:
    return SortKey(expression, datetime.fromisoformat, datetime.isoformat)


def by_text(expression: ColumnElement[Any]) -> SortKey:
    """Sort in the order of Spanish dictionaries."""
    return SortKey(expression, str, str, in_spanish_order)


@dataclass(frozen=True, eq=False)
class Listing(Generic[Item]):
    """A paginated list. `query` returns a SELECT of the arguments of `item` for a visibility."""

    query: Callable[[Any], Select[Any]]
    item: Callable[..., Item]
    id: ColumnElement[Any]
    keys: Mapping[str, SortKey]
    conditions: Conditions

    async def fetch(
        self,
        reads: Reads,
        *,
        page: PageRequest,
        visible: Hashable = None,
        where: Mapping[str, object] = NOTHING,
        **values: object,
    ) -> Page[Item]:
        """Return one page of the rows that meet the conditions of `where`; `values` are the query's own."""
        key = self.keys[page.sort.removeprefix("-")]
        end = {} if page.after is None else {"end_key": key.read(page.after.key), "end_id": page.after.id}
        statement = _statement(self, visible, tuple(where), page.sort, bool(end))
        rows = await fetch(reads, statement, limit=page.limit + 1, **where, **values, **end)
        items = [self.item(*row[:-1]) for row in rows[: page.limit]]
        if len(rows) <= page.limit:
            return Page(items, None)
        return Page(items, KeysetPosition(key.write(rows[page.limit - 1][-1]), items[-1].id))


@cache
def _statement(
    listing: Listing[Any], visible: Hashable, fields: tuple[str, ...], sort: str, is_later: bool
) -> Statement:
    """Compile the query for one page of the rows that meet the conditions of these fields.

    Rows are ordered by the key and then the id, both in the same direction, so that one index on
    (key, id) serves both directions and the row comparison.
    """
    key = listing.keys[sort.removeprefix("-")]
    order = (key.order(key.expression), listing.id)
    descending = sort.startswith("-")
    query = listing.query(visible).add_columns(key.expression.label("sort_key"))
    query = query.where(*(listing.conditions[field] for field in fields))
    query = query.order_by(*(each.desc() if descending else each for each in order))
    if is_later:
        end = tuple_(
            key.order(bindparam("end_key", type_=key.expression.type)),
            bindparam("end_id", type_=listing.id.type),
        )
        query = query.where(tuple_(*order) < end if descending else tuple_(*order) > end)
    return Statement(query.limit(bindparam("limit", type_=Integer)))
