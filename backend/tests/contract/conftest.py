import pytest

from app.domain.ports import UnitOfWork
from tests.fakes import InMemoryStore, InMemoryUnitOfWork


@pytest.fixture(params=["in memory", "postgresql"])
def any_uow(request: pytest.FixtureRequest) -> UnitOfWork:
    """The fake and the real unit of work: what is promised holds for both."""
    if request.param == "in memory":
        return InMemoryUnitOfWork(InMemoryStore())
    uow: UnitOfWork = request.getfixturevalue("uow")
    return uow
