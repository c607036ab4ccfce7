"""Connections to PostgreSQL: one pool, used in three ways. Every session is in UTC."""

import os
import select
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Self, TypeVar, cast

from psycopg import AsyncConnection as DriverConnection
from psycopg import OperationalError
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from pydantic import SecretStr
from sqlalchemy import URL, AdaptedConnection, Connection, NullPool, QueuePool, event, make_url, text
from sqlalchemy import create_engine as create_blocking_engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.util import greenlet_spawn

from app.core.settings import Settings

ConnectionFactory = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
Reads = Callable[[], AbstractAsyncContextManager[DriverConnection[Any]]]

CONNECT_TIMEOUT_SECONDS = 3
PREPARE_AFTER = 5
PING_AFTER_SECONDS = 1
"""Seconds without use after which a connection is checked before it is used again."""
PING_SECONDS = 2
"""Seconds that such a check may take."""
GRACE_SECONDS = 1
"""Seconds that an error of the server's statement timeout may take to arrive."""

os.environ.pop("PGTZ", None)  # libpq sends it, and it overrides the `options` of the address

Returned = TypeVar("Returned")


class TimeoutConnection(DriverConnection[Any]):
    """A connection that waits at most `response_timeout` seconds for each response, and is then closed.

    The server's own limits have no effect when it is frozen or the network drops packets.
    """

    response_timeout: float
    heard_at: float

    @classmethod
    async def connect_with_timeout(cls, *arguments: Any, response_timeout: float, **parameters: Any) -> Self:
        connection = await cls.connect(*arguments, **parameters)
        connection.response_timeout = response_timeout
        connection.heard_at = monotonic()
        return connection

    def may_be_broken(self) -> bool:
        """Return whether the server has been silent for a while or has sent an unexpected message, as it does
        when it ends the connection."""
        if monotonic() - self.heard_at > PING_AFTER_SECONDS:
            return True
        unasked = select.poll()
        unasked.register(self.fileno(), select.POLLIN)
        return bool(unasked.poll(0))

    async def ping(self) -> None:
        """Check the connection. Raises OperationalError if the server is gone."""
        response_timeout = self.response_timeout
        self.response_timeout = PING_SECONDS
        await self.set_autocommit(True)
        await self.execute("")
        await self.set_autocommit(False)
        self.response_timeout = response_timeout

    def switch_autocommit(self, on: bool) -> None:
        """Set autocommit outside a transaction. `set_autocommit` also waits for the connection's lock, which
        a connection that was just taken from the pool does not need."""
        self._autocommit = on

    async def wait(self, gen: PQGen[Returned], *arguments: Any, **options: Any) -> Returned:
        """Raises OperationalError without an SQLSTATE when the server does not respond in time."""
        try:
            answer = await super().wait(gen, *arguments, **{"timeout": self.response_timeout} | options)
        except OperationalError as error:
            if error.sqlstate is None:
                self.pgconn.finish()
            raise
        self.heard_at = monotonic()
        return answer


@dataclass(frozen=True, kw_only=True)
class Database:
    """The connections of the adapters. Tests bind all of them to one connection and roll it back.

    `reads` opens connections of the driver in autocommit mode, for compiled statements: SQLAlchemy takes
    several times as long for a SELECT, and a transaction costs two more round trips.
    `replica_reads` opens connections to the replica, if there is one.
    `snapshot` opens a REPEATABLE READ, READ ONLY transaction, so that long reads are consistent.
    `sessions` creates the sessions of units of work.
    `checked_out` returns the number of connections in use.
    """

    reads: Reads
    replica_reads: Reads | None
    snapshot: ConnectionFactory
    sessions: Callable[[], AsyncSession]
    checked_out: Callable[[], int]


def sqlalchemy_url(url: str) -> URL:
    """Return the address with the driver psycopg 3, which asyncio and Alembic share."""
    return make_url(url).set(drivername="postgresql+psycopg")


def session_parameters(**limits: float) -> dict[str, str]:
    """Return the parameters of every session: UTC, and the timeouts, given in seconds."""
    return {"TimeZone": "UTC"} | {name: f"{limit * 1000:.0f}" for name, limit in limits.items()}


def limits_of(settings: Settings) -> dict[str, float]:
    return {
        "statement_timeout": settings.database_statement_timeout,
        "lock_timeout": settings.database_lock_timeout,
        "idle_in_transaction_session_timeout": settings.database_idle_in_transaction_timeout,
    }


def with_session(url: URL, **limits: float) -> URL:
    """Add the parameters of every session to the `options` of the address.

    They override the settings of the server, the database and the role.
    """
    given = url.normalized_query.get("options", ())
    parameters = session_parameters(**limits)
    options = " ".join([*given, *(f"-c {name}={value}" for name, value in parameters.items())])
    return url.update_query_dict({"options": options})


def conninfo(url: URL) -> str:
    """Return the address in libpq's form, for a library that connects without SQLAlchemy."""
    _, parameters = url.get_dialect()().create_connect_args(url)
    return make_conninfo(**parameters)


def create_engine(settings: Settings, url: SecretStr | None = None) -> AsyncEngine:
    """Create the pool of DATABASE_URL, or of another address.

    Every session has the timeouts of `settings`; connections have their own, in case the server does not
    respond, so that no query waits forever. A pooler supports neither `options` nor prepared statements;
    there the timeouts are settings of the role.
    """
    address = sqlalchemy_url((url or settings.database_url).get_secret_value())
    if not settings.database_pooled:
        address = with_session(address, **limits_of(settings))
    engine = create_async_engine(
        address,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=settings.database_checkout_timeout,
        hide_parameters=True,
        connect_args={
            "async_creator_fn": TimeoutConnection.connect_with_timeout,
            "response_timeout": settings.database_statement_timeout + GRACE_SECONDS,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "pau2",
            "prepare_threshold": prepare_threshold(settings),
        },
    )
    event.listen(engine.sync_engine, "checkout", _check_connection)
    return engine


def prepare_threshold(settings: Settings) -> int | None:
    """Return after how many executions psycopg prepares a statement; None for never."""
    return None if settings.database_pooled else PREPARE_AFTER


def _check_connection(connection: AdaptedConnection, *_: object) -> None:
    """Check an idle connection. The pool's own ping costs a round trip at every checkout, and waits as long
    as a statement may take."""
    try:
        if cast("TimeoutConnection", connection.driver_connection).may_be_broken():
            connection.run_async(TimeoutConnection.ping)
    except OperationalError as error:
        raise InvalidatePoolError from error


def create_replica_engine(settings: Settings) -> AsyncEngine | None:
    """Make the pool of the replica, if there is one."""
    url = settings.database_replica_url
    return None if url is None else create_engine(settings, url)


def create_database(engine: AsyncEngine, replica: AsyncEngine | None = None) -> Database:
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(
        reads=partial(_Read, engine),
        replica_reads=None if replica is None else partial(_Read, replica),
        snapshot=snapshots.connect,
        sessions=session_factory(engine),
        checked_out=cast("QueuePool", engine.pool).checkedout,
    )


class _Read:
    """A read on a connection of the pool, which is closed if it is lost or in the middle of a query."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> TimeoutConnection:
        self._pooled = await self._engine.raw_connection()
        self._connection = cast("TimeoutConnection", self._pooled.driver_connection)
        self._connection.switch_autocommit(True)
        return self._connection

    async def __aexit__(self, *error: object) -> None:
        if self._connection.info.transaction_status is TransactionStatus.IDLE:
            self._connection.switch_autocommit(False)
            await greenlet_spawn(self._pooled.close)
        else:
            await greenlet_spawn(self._pooled.invalidate)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database for a short-lived command, and close it afterwards."""
    engine = create_engine(settings)
    try:
        yield create_database(engine)
    finally:
        await engine.dispose()


@contextmanager
def open_connection(url: str) -> Iterator[Connection]:
    """Open one connection for a few queries before anything is served."""
    engine = create_blocking_engine(
        sqlalchemy_url(url),
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "client_encoding": "utf8"},
    )
    with engine.connect() as connection:
        connection.execute(text("SET timezone TO 'UTC'"))
        yield connection


def session_factory(bind: AsyncEngine | AsyncConnection) -> async_sessionmaker[AsyncSession]:
    """Return a factory of sessions that join an outer transaction. Entities stay loaded after commits."""
    return async_sessionmaker(bind, expire_on_commit=False, join_transaction_mode="create_savepoint")


def single_connection_database(connection: AsyncConnection) -> Database:
    """Bind everything to one connection that is in a transaction, so that a rollback undoes all."""

    @asynccontextmanager
    async def shared() -> AsyncIterator[AsyncConnection]:
        yield connection

    @asynccontextmanager
    async def read() -> AsyncIterator[DriverConnection[Any]]:
        pooled = await connection.get_raw_connection()
        yield cast("TimeoutConnection", pooled.driver_connection)

    return Database(
        reads=read,
        replica_reads=None,
        snapshot=shared,
        sessions=session_factory(connection),
        checked_out=lambda: 1,
    )
