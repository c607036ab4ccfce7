"""Fixtures of unit tests, which block I/O: sockets, and libpq, which opens its own."""

from collections.abc import Iterator

import psycopg
import pytest
from pytest_socket import disable_socket, enable_socket

from app.domain.members.member import Language, Member
from tests.factories import PASSWORD, make_member
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork
from tests.plugins.log_leaks import LogWatch
from tests.support.accounts import ADDRESS, InMemoryAccounts


class InputOutputInUnitTestError(Exception):
    """A unit test tried to reach PostgreSQL."""


def _refuse(*_args: object, **_kwargs: object) -> None:
    raise InputOutputInUnitTestError("unit tests do no I/O; move the test to tests/integration")


@pytest.fixture(scope="session", autouse=True)
def _log_watch(log_watch: LogWatch) -> LogWatch:
    """These tests run the application, and tests of the gates do not."""
    return log_watch


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    disable_socket(allow_unix_socket=True)
    monkeypatch.setattr(psycopg, "connect", _refuse)
    monkeypatch.setattr(psycopg.Connection, "connect", _refuse)
    monkeypatch.setattr(psycopg.AsyncConnection, "connect", _refuse)
    yield
    enable_socket()


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def uow(store: InMemoryStore) -> InMemoryUnitOfWork:
    """A unit of work in memory; it replaces the fixture on PostgreSQL."""
    return InMemoryUnitOfWork(store)


@pytest.fixture
def accounts(clock: FixedClock) -> InMemoryAccounts:
    return InMemoryAccounts(clock)


@pytest.fixture
def marta(accounts: InMemoryAccounts) -> Member:
    """A member who can log in with ADDRESS and PASSWORD, and reads Spanish."""
    member = make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}", language=Language.SPANISH)
    return accounts.given(member)
