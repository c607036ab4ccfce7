"""Reads from a streaming replica, while it keeps up with the primary."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from psycopg import AsyncConnection

from app.core.database import Reads
from app.core.logging import get_logger
from app.domain.errors import UnavailableError
from app.infrastructure.database.bounded_query import BoundedQuery
from app.infrastructure.database.errors import with_domain_errors

INTERVAL_SECONDS = 1.0
"""The time between two comparisons of the servers, if there are requests."""

_POSITION = b"""
    SELECT pg_is_in_recovery(), pg_wal_lsn_diff(
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0'
    )::bigint
"""

_log = get_logger()


@dataclass(frozen=True)
class _Position:
    """The size of the write-ahead log that a server has, in bytes."""

    is_replica: bool
    wal_bytes: int


class ReplicaReads:
    """Gives connections to the replica while it is at most `max_lag` seconds behind, else to the primary.

    The replica is `t` seconds behind if it has replayed all that the primary had written `t` seconds ago.
    This also notices a replica that no longer receives anything, which looks complete from its own side.
    In each interval one request compares the servers before it reads, for 0.9 seconds at most. When the
    primary does not respond, the replica counts as complete: nothing newer can be read.
    """

    def __init__(
        self, replica: Reads, primary: Reads, *, max_lag: float, interval: float = INTERVAL_SECONDS
    ) -> None:
        self._replica = replica
        self._primary = primary
        self._max_lag = max_lag
        self._interval = interval
        self._replica_position = BoundedQuery(lambda: _position(replica))
        self._primary_position = BoundedQuery(lambda: _position(primary))
        self._written: deque[tuple[float, int]] = deque()
        self._next_check = 0.0
        self._usable_until = 0.0
        self._was_usable = False

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncConnection[Any]]:
        if monotonic() >= self._next_check:
            await self._compare()
        async with AsyncExitStack() as stack:
            yield await self._connection(stack)

    async def _connection(self, stack: AsyncExitStack) -> AsyncConnection[Any]:
        if monotonic() < self._usable_until:
            try:
                return await stack.enter_async_context(self._replica())
            except UnavailableError:
                self._set_usable_until(0.0)
        return await stack.enter_async_context(self._primary())

    async def _compare(self) -> None:
        asked_at = monotonic()
        self._next_check = asked_at + self._interval
        primary, replica = await asyncio.gather(
            self._primary_position.result(), self._replica_position.result()
        )
        if primary is not None:
            self._written.append((asked_at, primary.wal_bytes))
        while self._written and self._written[0][0] < asked_at - 2 * self._max_lag:
            self._written.popleft()
        complete = [time for time, written in self._written if replica and written <= replica.wal_bytes]
        if replica is None or not replica.is_replica:
            self._set_usable_until(0.0)
        elif primary is None:
            self._set_usable_until(asked_at + self._max_lag)
        else:
            self._set_usable_until(max(complete, default=0.0) + self._max_lag)

    def _set_usable_until(self, time: float) -> None:
        self._usable_until = time
        is_usable = monotonic() < time
        if is_usable and not self._was_usable:
            _log.info("public reads use the replica")
        if self._was_usable and not is_usable:
            _log.warning("public reads use the primary, because the replica is away or behind")
        self._was_usable = is_usable


def choose_public_reads(replica: Reads | None, primary: Reads, max_lag: float) -> Reads:
    """Return reads that prefer the replica, if there is one. The primary's raise domain errors."""
    return primary if replica is None else ReplicaReads(with_domain_errors(replica), primary, max_lag=max_lag)


async def _position(reads: Reads) -> _Position:
    async with reads() as connection:
        [(is_replica, wal_bytes)] = await (await connection.execute(_POSITION)).fetchall()
    return _Position(is_replica, wal_bytes or 0)
