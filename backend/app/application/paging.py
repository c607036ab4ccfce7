"""Keyset pagination: requests for pages of a list, and pages."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class KeysetPosition:
    """The end of a page: the sort key's value (instants in ISO 8601) and the id."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` items after the position, in the order of `sort` (`-` before it: descending)."""

    limit: int
    sort: str
    after: KeysetPosition | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`next_position` is the start of the next page; None on the last page."""

    items: list[Item]
    next_position: KeysetPosition | None
