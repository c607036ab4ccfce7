"""What the tests of endpoints share."""

from functools import partial

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.domain.auth import Password
from app.domain.members import Member, Role
from app.domain.ports import UnitOfWork
from app.infrastructure.security.passwords import Argon2PasswordHasher
from tests.api import consultations
from tests.api.consultations import StoreConsultation
from tests.api.routes import World
from tests.factories import PASSWORD, make_member
from tests.plugins.application import ClientOf

Callers = list[tuple[Role | None, AsyncClient, World]]


@pytest.fixture
def store_consultation(uow: UnitOfWork) -> StoreConsultation:
    return partial(consultations.store_consultation, uow)


@pytest.fixture(scope="session")
async def password_hash() -> str:
    return await Argon2PasswordHasher().hash(Password.typed(PASSWORD))


@pytest.fixture
async def author(uow: UnitOfWork) -> Member:
    """A board member whose things are there before anybody asks."""
    author = make_member(role=Role.BOARD_MEMBER)
    async with uow:
        uow.members.add(author)
        await uow.commit()
    return author


@pytest.fixture
async def callers(
    app: FastAPI, client: AsyncClient, client_of: ClientOf, uow: UnitOfWork, password_hash: str
) -> Callers:
    """Nobody and one member of each role, each with the things that their requests are about.

    Another admin is there as well, since the last one can neither go nor step back.
    """
    await client_of(make_member(role=Role.ADMIN))
    members = {role: make_member(role=role, password_hash=password_hash) for role in Role}
    clients = {role: await client_of(member) for role, member in members.items()}
    tokens = app.state.dependencies
    return [
        (
            role,
            client if role is None else clients[role],
            World(
                uow=uow,
                one_time_tokens=tokens.one_time_tokens,
                session_tokens=tokens.session_tokens,
                caller=None if role is None else members[role],
            ),
        )
        for role in (None, *Role)
    ]
