"""ConnectionFactory to PostgreSQL: one pool, three ways to use it. Every session is in UTC."""

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
"""How long a connection may be idle before it has to show that it is alive."""
PING_SECONDS = 2
"""How long it may take to show that."""
GRACE_SECONDS = 1
"""How long the server's own limit on a statement may take to reach us."""

os.environ.pop("PGTZ", None)  # libpq sends it, and the server puts it above the `options` of `with_session`

Returned = TypeVar("Returned")


class TimeoutConnection(DriverConnection[Any]):
    """Waits at most `response_timeout` seconds for each response of the server, then is closed.

    The server's own limits do not help when it is frozen or the network drops packets.
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
        """Whether the server has not answered for a while, or has sent something unasked, as it does when it
        ends the connection."""
        if monotonic() - self.heard_at > PING_AFTER_SECONDS:
            return True
        unasked = select.poll()
        unasked.register(self.fileno(), select.POLLIN)
        return bool(unasked.poll(0))

    async def ping(self) -> None:
        """Raises OperationalError when the server has gone while nobody used the connection."""
        response_timeout = self.response_timeout
        self.response_timeout = PING_SECONDS
        await self.set_autocommit(True)
        await self.execute("")
        await self.set_autocommit(False)
        self.response_timeout = response_timeout

    async def wait(self, gen: PQGen[Returned], *arguments: Any, **options: Any) -> Returned:
        """Raises OperationalError without an SQLSTATE when the server is silent."""
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
    """What the adapters are given, so that tests can bind all of it to one rolled-back connection.

    `reads` gives the driver's connections in autocommit, for statements that were compiled before: SQLAlchemy
    takes several times as long for a SELECT as the driver, and a transaction costs two more round trips.
    `replica_reads` gives connections to the replica, if there is one.
    `snapshot` gives one REPEATABLE READ, READ ONLY transaction: what is read over minutes fits together.
    `sessions` makes the sessions of the units of work.
    `checked_out` says how many connections are in use.
    """

    reads: Reads
    replica_reads: Reads | None
    snapshot: ConnectionFactory
    sessions: Callable[[], AsyncSession]
    checked_out: Callable[[], int]


def sqlalchemy_url(url: str) -> URL:
    """Name the driver: `postgresql://…` means psycopg 3, for asyncio and for Alembic alike."""
    return make_url(url).set(drivername="postgresql+psycopg")


def session_parameters(**limits: float) -> dict[str, str]:
    """Return what every session has as PostgreSQL takes it: UTC, and time-outs that are given in seconds."""
    return {"TimeZone": "UTC"} | {name: f"{limit * 1000:.0f}" for name, limit in limits.items()}


def limits_of(settings: Settings) -> dict[str, float]:
    return {
        "statement_timeout": settings.database_statement_timeout,
        "lock_timeout": settings.database_lock_timeout,
        "idle_in_transaction_session_timeout": settings.database_idle_in_transaction_timeout,
    }


def with_session(url: URL, **limits: float) -> URL:
    """Add the parameters of every session to the `options` of the address.

    They count for more than what the server, the database and the role have.
    """
    given = url.normalized_query.get("options", ())
    parameters = session_parameters(**limits)
    options = " ".join([*given, *(f"-c {name}={value}" for name, value in parameters.items())])
    return url.update_query_dict({"options": options})


def conninfo(url: URL) -> str:
    """Write the address as libpq takes it, for a library that connects without SQLAlchemy."""
    _, parameters = url.get_dialect()().create_connect_args(url)
    return make_conninfo(**parameters)


def create_engine(settings: Settings, url: SecretStr | None = None) -> AsyncEngine:
    """Make the pool of DATABASE_URL, or of another address.

    Every connection carries the limits of `settings`, and has its own for when the server does not keep them,
    so no query waits for ever. Through a pooler, which knows neither `options` nor prepared statements, the
    role has the server's limits.
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
    """Return how often psycopg sends a statement before it prepares it; None for never."""
    return None if settings.database_pooled else PREPARE_AFTER


def _check_connection(connection: AdaptedConnection, *_: object) -> None:
    """Instead of the pool's own ping, which costs every checkout a round trip, and waits for as long as a
    statement may take."""
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
        reads=partial(_read, engine),
        replica_reads=None if replica is None else partial(_read, replica),
        snapshot=snapshots.connect,
        sessions=session_factory(engine),
        checked_out=cast("QueuePool", engine.pool).checkedout,
    )


@asynccontextmanager
async def _read(engine: AsyncEngine) -> AsyncIterator[DriverConnection[Any]]:
    """Give a connection of the pool. One that is not idle afterwards, lost or cancelled, is closed."""
    pooled = await engine.raw_connection()
    connection = cast("TimeoutConnection", pooled.driver_connection)
    try:
        await connection.set_autocommit(True)
        yield connection
    finally:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            await connection.set_autocommit(False)
            await greenlet_spawn(pooled.close)
        else:
            await greenlet_spawn(pooled.invalidate)


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
    """Sessions whose entities stay readable after the commit, and that join an outer transaction."""
    return async_sessionmaker(bind, expire_on_commit=False, join_transaction_mode="create_savepoint")


def single_connection_database(connection: AsyncConnection) -> Database:
    """Everything on one connection that is already in a transaction: nothing outlives its rollback."""

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
