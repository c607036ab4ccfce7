"""Requests generated from the contract: every response, to valid and invalid ones, is declared there."""

from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.members.member import EmailTakenError
from app.presentation.http import oauth
from app.presentation.http.errors import MEDIA_TYPE
from tests.api.conftest import Callers
from tests.api.contract import operation_of
from tests.api.routes import ROUTES
from tests.support.http import NEWS


@pytest.fixture(scope="session")
def generated() -> ModuleType:
    return import_module("tests.api.generated")


@pytest.fixture
def cases(method: str, path: str, generated: ModuleType) -> list[Any]:
    """Generate the cases before the database fixture: the server ends transactions that idle meanwhile."""
    found: list[Any] = generated.cases(method, path)
    return found


def assert_declared_problem(method: str, path: str, response: Response) -> None:
    """Check that an error is a problem whose code the contract lists for this operation and status."""
    media_type = oauth.MEDIA_TYPE if response.status_code == 400 else MEDIA_TYPE
    assert response.headers["Content-Type"] == media_type
    responses = operation_of(method, path)["responses"]
    declared = responses[str(response.status_code)]["content"][media_type]["examples"]
    assert response.json()["code"] in declared


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_conforms_to_contract_when_requests_are_generated(
    *,
    method: str,
    path: str,
    generated: ModuleType,
    cases: list[Any],
    callers: Callers,
    connection: AsyncConnection,
) -> None:
    call = ROUTES[method, path].calls[0]
    for _, client, world in callers:
        async with connection.begin_nested() as savepoint:
            existing = (await call.prepare(world)).get("id")
            for case in cases:
                if existing and case.meta and case.meta.generation.mode.is_positive:
                    case.path_parameters = {"id": existing}
                response = await client.request(**generated.arguments(case))
                case.validate_response(response, checks=generated.CHECKS)
                assert response.status_code < 500
                if response.status_code >= 400:
                    assert_declared_problem(method, path, response)
            await savepoint.rollback()


async def test_is_refused_when_an_answer_is_not_in_the_contract(
    app: FastAPI, client: AsyncClient, generated: ModuleType
) -> None:
    class BrokenQueries:
        async def list_articles(self, **_: object) -> object:
            raise EmailTakenError

    app.state.dependencies = replace(app.state.dependencies, news_queries=BrokenQueries())
    case = generated.cases("GET", NEWS)[0]
    response = await client.get(NEWS)

    assert response.status_code == 409
    with pytest.raises(BaseExceptionGroup):
        case.validate_response(response, checks=generated.CHECKS)
    with pytest.raises(KeyError):
        assert_declared_problem("GET", NEWS, response)
