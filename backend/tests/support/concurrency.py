"""Drivers whose calls run concurrently: each commits on its own connection."""

import asyncio
from collections.abc import Awaitable

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import create_database
from app.domain.auth import OneTimePurpose, OneTimeTokenId
from app.domain.members.member import Member
from app.infrastructure.database.one_time_tokens import one_time_tokens
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.fakes import FixedClock
from tests.support.accounts import ONE_TIME_TOKENS, AccountDriver

CONCURRENCY = 6
"""The number of requests that compete in a test."""


async def gather_results(*calls: Awaitable[object]) -> list[object]:
    """Run calls concurrently. Return their results or exceptions."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


class ConcurrentClients:
    """Units of work on one database, each on its own connection."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    def new_uow(self) -> SqlAlchemyUnitOfWork:
        return SqlAlchemyUnitOfWork(create_database(self.engine).sessions)

    async def add(self, *members: Member) -> None:
        async with self.new_uow() as uow:
            for member in members:
                uow.members.add(member)
            await uow.commit()

    async def count(self, rows: Table | str) -> int:
        """Count the rows of a table, or those of `table WHERE …`."""
        query = select(func.count()).select_from(text(rows) if isinstance(rows, str) else rows)
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    async def wait_until_blocked(self, number: int) -> None:
        """Wait until `number` transactions are blocked. Raises TimeoutError after ten seconds."""
        locks = (
            "pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted"
        )
        async with asyncio.timeout(10):
            while await self.count(locks) < number:  # each count is a round trip, so this loop yields
                continue


class ConcurrentAccounts(ConcurrentClients, AccountDriver):
    """Accounts on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        ConcurrentClients.__init__(self, engine)
        AccountDriver.__init__(self, FixedClock())

    async def mailed_token(self, purpose: OneTimePurpose) -> str:
        """Return the token of the only mail."""
        async with self.engine.connect() as connection:
            token_id = (await connection.scalars(select(one_time_tokens.c.id))).one()
        return ONE_TIME_TOKENS.text(OneTimeTokenId(token_id), purpose)
