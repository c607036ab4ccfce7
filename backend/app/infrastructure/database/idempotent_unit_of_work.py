"""The transaction of a request that may be repeated: it stores the response with the effect."""

from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.idempotency import (
    RETENTION,
    IdempotencyKeyInUseError,
    IdempotencyKeyReusedError,
    IdempotentRequest,
    StoredResponse,
    StoredResponseFoundError,
)
from app.application.ports import Clock
from app.infrastructure.database.errors import translated_errors
from app.infrastructure.database.idempotency import idempotency_records
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork


class SqlAlchemyIdempotentUnitOfWork(SqlAlchemyUnitOfWork):
    """Holds an advisory lock on the key until the transaction ends.

    So a concurrent repetition is refused without waiting, on every instance, and an instance that dies
    leaves no key locked.
    """

    def __init__(
        self, sessions: Callable[[], AsyncSession], request: IdempotentRequest, *, clock: Clock
    ) -> None:
        super().__init__(sessions)
        self._request = request
        self._clock = clock
        self._is_ready = False

    async def __aenter__(self) -> Self:
        if self._is_ready:
            return self
        await super().__aenter__()
        try:
            with translated_errors():
                await self._claim()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if exc is not None:
            self._is_ready = False
        if not self._is_ready:
            await super().__aexit__(exc_type, exc, tb)

    async def commit(self) -> None:
        await self.flush()
        self._is_ready = True

    async def complete(self, response: StoredResponse) -> None:
        if not self._is_ready:
            return
        row = asdict(self._request) | asdict(response) | {"created_at": self._clock.now()}
        key = idempotency_records.primary_key
        store = insert(idempotency_records).values(row).on_conflict_do_update(constraint=key, set_=row)
        try:
            with translated_errors():
                await self._session.execute(store)
            await super().commit()
        finally:
            await self.close()

    async def close(self) -> None:
        if self._is_ready:
            self._is_ready = False
            await self._session.close()

    async def _claim(self) -> None:
        """Lock the key, then look for its response in a second statement, which sees the latest commit."""
        lock = int.from_bytes(self._request.key_digest[:8], "big", signed=True)
        if not await self._session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            raise IdempotencyKeyInUseError
        record = idempotency_records.c
        query = select(record.fingerprint, record.status, record.headers, record.body).where(
            record.key_digest == self._request.key_digest,
            record.created_at > self._clock.now() - RETENTION,
        )
        stored = (await self._session.execute(query)).one_or_none()
        if stored is None:
            return
        if stored.fingerprint != self._request.fingerprint:
            raise IdempotencyKeyReusedError
        raise StoredResponseFoundError(StoredResponse(stored.status, stored.headers, stored.body))
