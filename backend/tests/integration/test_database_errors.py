"""Database errors become domain errors, on every path."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import create_database, create_engine
from app.core.settings import Settings
from app.domain.errors import ConflictError, DomainError, RuleViolationError, UnavailableError
from app.domain.members.member import EmailTakenError
from app.infrastructure.database.errors import translated_errors, with_domain_errors
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import make_article, make_member


@pytest.fixture
async def quick(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """A pool of one connection with short limits."""
    limits = {
        "database_pool_size": 1,
        "database_checkout_timeout": 0.2,
        "database_statement_timeout": 0.3,
        "database_lock_timeout": 0.2,
        "database_idle_in_transaction_timeout": 0.2,
    }
    engine = create_engine(settings.model_copy(update=limits))
    yield engine
    await engine.dispose()


async def run(engine: AsyncEngine, statement: str) -> None:
    async with with_domain_errors(create_database(engine).reads)() as connection:
        await connection.execute(statement.encode())


async def test_names_the_rule_when_a_known_constraint_is_violated(uow: SqlAlchemyUnitOfWork) -> None:
    member = make_member()
    async with uow:
        uow.members.add(member)
        await uow.commit()

    async with uow:
        uow.members.add(make_member(email=member.email))
        with pytest.raises(EmailTakenError):
            await uow.commit()


async def test_names_the_kind_when_a_constraint_has_no_name_for_people(uow: SqlAlchemyUnitOfWork) -> None:
    async with uow:
        uow.news.add(make_article())
        with pytest.raises(ConflictError) as raised:
            await uow.flush()

    assert raised.value.code == "conflict"
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT pg_sleep(2)", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '25P04'; END $$", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '58030'; END $$", UnavailableError),
        ("DO $$ BEGIN RAISE SQLSTATE '23514'; END $$", RuleViolationError),
        (
            "DO $$ BEGIN SET ROLE NONE; PERFORM pg_terminate_backend(pg_backend_pid()); END $$",
            UnavailableError,
        ),
    ],
)
async def test_translates_the_state_when_a_statement_fails(
    statement: str, error: type[DomainError], quick: AsyncEngine
) -> None:
    with pytest.raises(error):
        await run(quick, statement)

    await run(quick, "SELECT 1")


def wrapped(error: psycopg.Error) -> ConnectorException:
    """Return the exception in which procrastinate wraps the error."""
    wrapper = ConnectorException()
    wrapper.__cause__ = error
    return wrapper


async def test_searches_the_causes_when_a_library_wraps_the_error() -> None:
    with pytest.raises(UnavailableError), translated_errors():
        raise wrapped(psycopg.errors.LockNotAvailable())


async def test_passes_on_unknown_errors_when_a_statement_is_wrong(quick: AsyncEngine) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await run(quick, "SELECT 1 / 0")


async def test_gives_up_in_time_when_a_lock_is_held(quick: AsyncEngine, engine: AsyncEngine) -> None:
    async with engine.begin() as holder:
        await holder.execute(text("LOCK news IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(UnavailableError):
            await run(quick, "SELECT FROM news")


async def test_gives_up_in_time_when_no_connection_is_free(quick: AsyncEngine) -> None:
    async with quick.connect():
        with pytest.raises(UnavailableError):
            await run(quick, "SELECT 1")


async def test_recovers_when_a_transaction_was_idle_for_too_long(quick: AsyncEngine) -> None:
    uow = SqlAlchemyUnitOfWork(create_database(quick).sessions)

    async def dawdle() -> None:
        async with uow:
            await uow.members.find(make_member().id)
            await asyncio.sleep(0.5)
            await uow.members.find(make_member().id)

    with pytest.raises(UnavailableError):
        await dawdle()
    await run(quick, "SELECT 1")


async def test_is_unavailable_when_nobody_listens() -> None:
    engine = create_engine(Settings(database_url=SecretStr("postgresql://127.0.0.1:1/nothing")))

    with pytest.raises(UnavailableError):
        await run(engine, "SELECT 1")
