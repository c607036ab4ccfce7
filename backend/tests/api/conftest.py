"""Fixtures of the endpoint tests."""

from functools import partial

import pytest
from httpx import AsyncClient

from app.application.unit_of_work import UnitOfWork
from app.domain.auth import Password
from app.domain.members.contact_details import PhoneNumber
from app.domain.members.member import Member, Role
from app.infrastructure.security.passwords import Argon2PasswordHasher
from app.presentation.http.dependencies import Dependencies
from tests.api import consultations
from tests.api.consultations import StoreConsultation
from tests.api.routes.requests import RequestContext
from tests.factories import PASSWORD, make_member
from tests.plugins.application import ClientsOfNew
from tests.plugins.log_leaks import LogWatch
from tests.support.accounts import ADDRESS

Callers = list[tuple[Role | None, AsyncClient, RequestContext]]


@pytest.fixture(scope="session", autouse=True)
def _log_watch(log_watch: LogWatch) -> LogWatch:
    """These tests run the application, and tests of the gates do not."""
    return log_watch


@pytest.fixture
def store_consultation(uow: UnitOfWork) -> StoreConsultation:
    return partial(consultations.store_consultation, uow)


@pytest.fixture(scope="session")
async def password_hash() -> str:
    return await Argon2PasswordHasher().hash(Password.typed(PASSWORD))


@pytest.fixture
async def author(uow: UnitOfWork) -> Member:
    """A board member who owns the entities of the requests."""
    author = make_member(role=Role.BOARD_MEMBER)
    async with uow:
        uow.members.add(author)
        await uow.commit()
    return author


@pytest.fixture
async def callers(
    dependencies: Dependencies,
    client: AsyncClient,
    clients_of_new: ClientsOfNew,
    uow: UnitOfWork,
    password_hash: str,
) -> Callers:
    """An anonymous caller and a member of each role, with the entities of their requests.

    A second admin exists because the last one can neither be removed nor lose the role.
    """
    members = [make_member(role=role, password_hash=password_hash) for role in Role]
    *clients, _ = await clients_of_new(*members, make_member(role=Role.ADMIN))
    context = partial(
        RequestContext,
        uow=uow,
        one_time_tokens=dependencies.one_time_tokens,
        email_change_tokens=dependencies.email_change_tokens,
        session_tokens=dependencies.session_tokens,
    )
    nobody = (None, client, context(caller=None))
    somebody = zip(Role, clients, members, strict=True)
    return [nobody, *((role, client, context(caller=member)) for role, client, member in somebody)]


@pytest.fixture
async def marta(uow: UnitOfWork, password_hash: str) -> Member:
    """A stored supporter who can log in with ADDRESS and PASSWORD."""
    member = make_member(
        email=ADDRESS,
        password_hash=password_hash,
        full_name="Marta Ibáñez",
        phone=PhoneNumber("+34600111222"),
    )
    async with uow:
        uow.members.add(member)
        await uow.commit()
    return member
