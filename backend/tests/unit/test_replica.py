"""The choice of the server for public reads. test_replica_reads.py tries real replication."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from app.application.events_queries import EventFilter, EventSort, EventVisibility
from app.application.news_queries import NewsFilter, NewsSort, NewsVisibility
from app.application.paging import PageRequest
from app.domain.errors import UnavailableError
from app.domain.events import EventId
from app.domain.members.member import Role
from app.domain.news import ArticleId
from app.infrastructure.database.events_queries import SqlAlchemyEventQueries
from app.infrastructure.database.news_queries import SqlAlchemyNewsQueries
from app.infrastructure.database.replica import ReplicaReads
from tests.factories import make_actor

IMMEDIATELY = 1e-9
"""A limit in seconds that everything exceeds."""


@dataclass
class Server:
    """A server that knows only its position in the write-ahead log."""

    wal_bytes: int = 100
    is_replica: bool = False
    is_available: bool = True

    @asynccontextmanager
    async def reads(self) -> AsyncIterator[Any]:
        if not self.is_available:
            raise UnavailableError
        yield self

    async def execute(self, _query: bytes) -> "Server":
        return self

    async def fetchall(self) -> list[tuple[bool, int]]:
        return [(self.is_replica, self.wal_bytes)]


class Replication:
    """A primary, a replica that is complete, and the reads under test."""

    def __init__(self, *, max_lag: float = 60, interval: float = 0) -> None:
        self.primary = Server()
        self.replica = Server(is_replica=True)
        self.reads = ReplicaReads(self.replica.reads, self.primary.reads, max_lag=max_lag, interval=interval)

    async def used(self) -> object:
        """Return the server that a read uses."""
        async with self.reads() as connection:
            return connection


async def test_uses_the_replica_when_it_has_everything() -> None:
    servers = Replication()

    assert await servers.used() is servers.replica


async def test_compares_once_when_requests_read_within_an_interval() -> None:
    servers = Replication(interval=60)
    await servers.used()
    servers.replica.is_replica = False

    assert await servers.used() is servers.replica


async def test_uses_the_replica_when_it_is_behind_for_a_short_time() -> None:
    servers = Replication()
    await servers.used()
    servers.primary.wal_bytes = 200

    assert await servers.used() is servers.replica


async def test_uses_the_primary_when_the_replica_is_behind_for_long() -> None:
    servers = Replication(max_lag=IMMEDIATELY)
    await servers.used()
    servers.primary.wal_bytes = 200

    assert await servers.used() is servers.primary


async def test_uses_the_primary_when_the_replica_never_had_everything() -> None:
    servers = Replication()
    servers.replica.wal_bytes = 50

    assert await servers.used() is servers.primary


async def test_uses_the_primary_when_the_replica_is_away() -> None:
    servers = Replication()
    servers.replica.is_available = False

    assert await servers.used() is servers.primary


async def test_uses_the_primary_when_the_replica_has_just_gone() -> None:
    servers = Replication(interval=60)
    await servers.used()
    servers.replica.is_available = False

    assert await servers.used() is servers.primary


async def test_uses_the_primary_when_the_replica_was_promoted() -> None:
    servers = Replication()
    await servers.used()
    servers.replica.is_replica = False

    assert await servers.used() is servers.primary


async def test_uses_the_replica_when_the_primary_is_away() -> None:
    servers = Replication()
    servers.primary.is_available = False
    servers.replica.wal_bytes = 50

    assert await servers.used() is servers.replica


class PrimaryUsedError(Exception):
    """A read went to the primary."""


class ReplicaUsedError(Exception):
    """A read went to the replica."""


class FailingConnection(AbstractAsyncContextManager[Any]):
    """A connection that cannot be opened."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def __aenter__(self) -> None:
        raise self._error

    async def __aexit__(self, *_: object) -> None: ...


PRIMARY = partial(FailingConnection, PrimaryUsedError())
REPLICA = partial(FailingConnection, ReplicaUsedError())
READERS = [
    (None, ReplicaUsedError),
    (Role.SUPPORTER, ReplicaUsedError),
    (Role.MEMBER, PrimaryUsedError),
    (Role.BOARD_MEMBER, PrimaryUsedError),
]
"""Callers who see only public rows read from the replica; all others read from the primary."""


@pytest.mark.parametrize(("role", "used"), READERS)
async def test_reads_public_news_only_from_the_replica(role: Role | None, used: type[Exception]) -> None:
    queries = SqlAlchemyNewsQueries(PRIMARY, public_reads=REPLICA)
    visible = NewsVisibility.of(make_actor(role) if role else None)

    with pytest.raises(used):
        await queries.get_article(ArticleId(uuid4()), visible=visible)
    with pytest.raises(used):
        await queries.list_articles(
            where=NewsFilter(), page=PageRequest(20, NewsSort.NEWEST), visible=visible
        )


@pytest.mark.parametrize(("role", "used"), READERS)
async def test_reads_public_events_only_from_the_replica(role: Role | None, used: type[Exception]) -> None:
    queries = SqlAlchemyEventQueries(PRIMARY, public_reads=REPLICA)
    visible = EventVisibility.of(make_actor(role) if role else None)

    with pytest.raises(used):
        await queries.get_event(EventId(uuid4()), visible=visible)
    with pytest.raises(used):
        await queries.list_events(
            where=EventFilter(), page=PageRequest(20, EventSort.SOONEST), visible=visible
        )
    with pytest.raises(used):
        await queries.list_latest(20, visible=visible)
