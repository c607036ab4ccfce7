"""Requests that meet: each takes a connection of its own, and commits."""

import asyncio
from collections.abc import Awaitable

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.auth import PasswordGrant, RefreshGrant, TokenPair, issue_tokens
from app.application.ports import SessionTokens
from app.core.database import create_database
from app.domain.members import Member
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.sealed_tokens import HmacOneTimeTokens, HmacRefreshTokens
from tests.fakes import CountingPasswordHasher, FixedClock

AT_ONCE = 6
KEYS = {"test": "t" * 32}
ONE_TIME = HmacOneTimeTokens(KEYS)


async def all_at_once(*calls: Awaitable[object]) -> list[object]:
    """Return results and exceptions alike."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


class Crowd:
    """People whose requests meet at one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    def uow(self) -> SqlAlchemyUnitOfWork:
        return SqlAlchemyUnitOfWork(create_database(self.engine).sessions)

    async def add(self, *members: Member) -> None:
        async with self.uow() as uow:
            for member in members:
                uow.members.add(member)
            await uow.commit()

    async def count(self, rows: Table | str) -> int:
        """Count a table's rows, or those of `table WHERE …`."""
        query = select(func.count()).select_from(text(rows) if isinstance(rows, str) else rows)
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    async def waiting(self, number: int) -> None:
        """Return when so many transactions wait for another one."""
        locks = (
            "pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted"
        )
        async with asyncio.timeout(10):
            while await self.count(locks) < number:  # each look is a round trip, so this yields
                continue


class AccountHolders(Crowd):
    """The same, who log in."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.clock = FixedClock()
        self.hasher = CountingPasswordHasher()
        self.tokens = SessionTokens(JwtAccessTokens(KEYS, clock=self.clock), HmacRefreshTokens(KEYS))

    async def issue(self, grant: PasswordGrant | RefreshGrant) -> TokenPair:
        return await issue_tokens(
            grant, uow=self.uow(), clock=self.clock, hasher=self.hasher, tokens=self.tokens
        )
