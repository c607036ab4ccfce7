"""Scripts from other origins in a browser (CORS, Fetch standard §3.2)."""

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient

from app.core.settings import Settings
from app.main import create_app
from tests.api.problems import assert_problem
from tests.support.http import API, ME

OURS = "https://vecinos.example"
OTHER = "https://evil.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,content-type,if-match",
}


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[AsyncClient]:
    app = create_app(settings.model_copy(update={"allowed_origins": (OURS,)}))
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_allows_a_declared_origin_when_a_browser_asks(client: AsyncClient) -> None:
    response = await client.options(ME, headers={"Origin": OURS, **PREFLIGHT})

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type", "if-match", "idempotency-key"} <= {*allowed}
    assert "Access-Control-Allow-Credentials" not in response.headers


async def test_allows_nothing_when_the_origin_is_not_declared(client: AsyncClient) -> None:
    asked = await client.options(ME, headers={"Origin": OTHER, **PREFLIGHT})
    live = await client.get("/health/live", headers={"Origin": OTHER})

    assert asked.status_code == 400
    assert "Access-Control-Allow-Origin" not in {**asked.headers, **live.headers}


async def test_exposes_errors_and_headers_when_origin_is_allowed(client: AsyncClient) -> None:
    response = await client.get(f"{API}/nothing", headers={"Origin": OURS})

    assert_problem(response, 404, "not_found")
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "Origin" in response.headers["Vary"]
    seen = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Location", "Link", "Retry-After", "X-Request-ID", "Content-Disposition"} <= {*seen}


async def test_is_off_when_no_origin_is_declared(settings: Settings) -> None:
    transport = ASGITransport(create_app(settings), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        asked = await client.options(ME, headers={"Origin": OURS, **PREFLIGHT})
        live = await client.get("/health/live", headers={"Origin": OURS})

    assert_problem(asked, 405, "method_not_allowed")
    assert "Access-Control-Allow-Origin" not in live.headers
