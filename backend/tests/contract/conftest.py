from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.application.unit_of_work import UnitOfWork
from app.core.database import create_database, create_engine
from app.core.settings import Settings
from app.domain.members.member import Member
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import make_member
from tests.fakes import InMemoryStore, InMemoryUnitOfWork
from tests.plugins.log_leaks import LogWatch

BOTH = ["in memory", "postgresql"]
"""The fake and the real unit of work: what is promised holds for both."""


@pytest.fixture(scope="session", autouse=True)
def _log_watch(log_watch: LogWatch) -> LogWatch:
    """These tests run the application, and tests of the gates do not."""
    return log_watch


@pytest.fixture(params=BOTH)
def any_uow(request: pytest.FixtureRequest) -> UnitOfWork:
    if request.param == "in memory":
        return InMemoryUnitOfWork(InMemoryStore())
    uow: UnitOfWork = request.getfixturevalue("uow")
    return uow


@pytest.fixture
async def author(any_uow: UnitOfWork) -> Member:
    author = make_member()
    async with any_uow:
        any_uow.members.add(author)
        await any_uow.commit()
    return author


@pytest.fixture(params=BOTH)
async def two_uows(
    request: pytest.FixtureRequest, fresh_database_url: str
) -> AsyncIterator[tuple[UnitOfWork, UnitOfWork]]:
    """Two units of work that commit, each on its own connection."""
    if request.param == "in memory":
        store = InMemoryStore()
        yield InMemoryUnitOfWork(store), InMemoryUnitOfWork(store)
        return
    engine = create_engine(Settings(database_url=SecretStr(fresh_database_url)))
    sessions = create_database(engine).sessions
    yield SqlAlchemyUnitOfWork(sessions), SqlAlchemyUnitOfWork(sessions)
    await engine.dispose()
