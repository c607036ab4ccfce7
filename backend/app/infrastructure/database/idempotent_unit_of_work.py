"""The transaction of a request that may come again: the answer is stored with the effect."""

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
    """While it runs it holds an advisory lock on the key, which ends with the transaction.

    So a second attempt at the same time is refused without waiting, on whichever instance it
    arrives, and an instance that dies leaves no key locked.
    """

    def __init__(
        self, sessions: Callable[[], AsyncSession], attempt: IdempotentRequest, *, clock: Clock
    ) -> None:
        super().__init__(sessions)
        self._attempt = attempt
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

    async def complete(self, answer: StoredResponse) -> None:
        if not self._is_ready:
            return
        row = asdict(self._attempt) | asdict(answer) | {"created_at": self._clock.now()}
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
        """Two statements: what the lock's last holder has committed is seen only by the next one."""
        lock = int.from_bytes(self._attempt.key_digest[:8], "big", signed=True)
        if not await self._session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            raise IdempotencyKeyInUseError
        record = idempotency_records.c
        query = select(record.fingerprint, record.status, record.headers, record.body).where(
            record.key_digest == self._attempt.key_digest,
            record.created_at > self._clock.now() - RETENTION,
        )
        known = (await self._session.execute(query)).one_or_none()
        if known is None:
            return
        if known.fingerprint != self._attempt.fingerprint:
            raise IdempotencyKeyReusedError
        raise StoredResponseFoundError(StoredResponse(known.status, known.headers, known.body))
