"""Fixtures of a database that the test may commit to, over several connections."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import create_database, create_engine
from app.core.settings import Environment, Settings
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.plugins.log_leaks import LogWatch


@pytest.fixture(scope="session", autouse=True)
def _log_watch(log_watch: LogWatch) -> LogWatch:
    """These tests run the application, and tests of the gates do not."""
    return log_watch


@pytest.fixture
def fresh_settings(fresh_database_url: str) -> Settings:
    return Settings(environment=Environment.TEST, database_url=SecretStr(fresh_database_url))


@pytest.fixture
async def fresh_engine(fresh_settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(fresh_settings)
    yield engine
    await engine.dispose()


@pytest.fixture
async def owner_engine(fresh_settings: Settings, fresh_migration_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the same database as its owner."""
    owner = fresh_settings.model_copy(update={"database_url": SecretStr(fresh_migration_url)})
    engine = create_engine(owner)
    yield engine
    await engine.dispose()


@pytest.fixture
def fresh_uow(fresh_engine: AsyncEngine) -> SqlAlchemyUnitOfWork:
    return SqlAlchemyUnitOfWork(create_database(fresh_engine).sessions)
