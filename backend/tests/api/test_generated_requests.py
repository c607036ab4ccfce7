"""Requests generated from the contract: what is sent, valid or not, is answered as the contract says."""

from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from httpx import AsyncClient, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Environment, Settings
from app.domain.members import EmailTakenError, Role
from app.main import create_app
from app.presentation.http.errors import MEDIA_TYPE
from tests.api.conftest import Callers
from tests.api.routes import ROUTES

EXAMPLES = 6
CONTRACT = create_app(Settings(environment=Environment.TEST)).openapi()
SCHEMA = schemathesis.openapi.from_dict(CONTRACT)
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)]


@cache
def cases(operation: Operation) -> list[Case]:
    """The same ones for every role and in every run."""
    found: list[Case] = []
    for mode in schemathesis.GenerationMode:
        strategy = operation.as_strategy(mode)

        @given(strategy)
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def collect(case: Case) -> None:
            found.append(case)

        with suppress(Unsatisfiable):  # a request without parameters cannot be wrong
            collect()
    return found


def arguments(case: Case) -> dict[str, Any]:
    """What the case says to the library `requests`, for httpx: raw bodies have a name of their own."""
    prepared = {**case.as_transport_kwargs(base_url="http://test")}
    del prepared["cookies"]
    if isinstance(prepared.get("data"), str | bytes):
        prepared["content"] = prepared.pop("data")
    return prepared


def assert_declared_problem(operation: Operation, answer: Response) -> None:
    """Every error is a problem whose code the contract lists for this operation and status."""
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    raw = CONTRACT["paths"][operation.path][operation.method.lower()]
    declared = raw["responses"][str(answer.status_code)]["content"][MEDIA_TYPE]["examples"]
    assert answer.json()["code"] in declared


@pytest.mark.parametrize("role", [None, *Role])
async def test_answers_as_the_contract_says_when_requests_are_generated(
    role: Role | None, callers: Callers, connection: AsyncConnection
) -> None:
    load_all_checks()
    [(client, world)] = [(client, world) for each, client, world in callers if each is role]
    for operation in OPERATIONS:
        call = ROUTES[operation.method.upper(), operation.path].calls[0]
        async with connection.begin_nested() as savepoint:
            existing = (await call.prepare(world)).get("id")
            for case in cases(operation):
                if existing and case.meta and case.meta.generation.mode.is_positive:
                    case.path_parameters = {"id": existing}
                answer = await client.request(**arguments(case))
                case.validate_response(answer, checks=CHECKS)
                assert answer.status_code < 500
                if answer.status_code >= 400:
                    assert_declared_problem(operation, answer)
            await savepoint.rollback()


async def test_is_refused_when_an_answer_is_not_in_the_contract(app: FastAPI, client: AsyncClient) -> None:
    class BrokenQueries:
        async def list_articles(self, **_: object) -> object:
            raise EmailTakenError

    app.state.dependencies = replace(app.state.dependencies, news_queries=BrokenQueries())
    [operation] = [each for each in OPERATIONS if (each.method, each.path) == ("get", "/api/v1/news")]
    case = cases(operation)[0]
    answer = await client.get("/api/v1/news")

    assert answer.status_code == 409
    with pytest.raises(BaseExceptionGroup):
        case.validate_response(answer, checks=CHECKS)
    with pytest.raises(KeyError):
        assert_declared_problem(operation, answer)
