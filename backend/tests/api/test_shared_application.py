"""Tests of a process share one application, and none sees the state that another one left."""

import gc
import weakref

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app, create_dependencies
from app.presentation.http.dependencies import Dependencies
from tests.fakes import FixedClock
from tests.support.http import ME, NEWS

PATHS = ["/health/ready", "/metrics", NEWS, ME, "/nowhere"]
WITHOUT_WEAK_REFERENCES = {"cursor_secret", "session_tokens"}
"""A string, and a class with slots."""


def parts(dependencies: Dependencies) -> dict[str, weakref.ref[object]]:
    named = vars(dependencies).items()
    return {name: weakref.ref(part) for name, part in named if name not in WITHOUT_WEAK_REFERENCES}


async def get_all(app: FastAPI) -> None:
    transport = ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer nonsense"}
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        for path in PATHS:
            assert (await client.get(path)).status_code < 500


async def test_keeps_none_of_the_dependencies_when_they_are_replaced(
    settings: Settings, database: Database
) -> None:
    app = create_app(settings, database=database, clock=FixedClock())
    earlier = parts(app.state.dependencies)
    await get_all(app)

    app.state.dependencies = create_dependencies(settings, database, FixedClock())
    gc.collect()

    assert [name for name, part in earlier.items() if part() is not None] == []


@pytest.mark.parametrize("attempt", [1, 2])
async def test_counts_own_requests_only_when_another_test_made_some(
    attempt: int, client: AsyncClient
) -> None:
    for _ in range(attempt):
        await client.get(NEWS)

    labels = f'method="GET",route="{NEWS}",status="200"'
    assert f"pau2_requests_total{{{labels}}} {attempt}.0" in (await client.get("/metrics")).text
