"""Headers of a proxy, trusted or not."""

import logging

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from app.core.settings import Settings
from app.domain.members.member import Role
from app.main import create_app
from tests.plugins.application import ClientFor
from tests.support.http import API, NEWS

TRUSTED = "10.1.2.3"
STRANGER = "198.51.100.66"
DRAFT = {"title": "Title", "content": "Content", "scope": "PUBLIC"}
FORWARDED = {"X-Forwarded-For": "203.0.113.9"}


async def asked(app: FastAPI, peer: str, path: str = "/health/live", **headers: str) -> Response:
    transport = ASGITransport(app, client=(peer, 40_000), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.msg["event"]
        for record in caplog.records
        if record.levelno == logging.WARNING and isinstance(record.msg, dict)
    ]


async def test_warns_once_when_a_peer_that_is_not_declared_forwards(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)

    for _ in range(3):
        assert (await asked(app, STRANGER, **FORWARDED)).status_code == 200

    [warning] = warnings(caplog)
    assert "PAU2_TRUSTED_PROXIES" in warning
    assert STRANGER not in caplog.text


@pytest.mark.parametrize(("peer", "headers"), [(TRUSTED, FORWARDED), (STRANGER, {})])
async def test_is_silent_when_the_proxy_is_declared_or_nobody_forwards(
    peer: str, headers: dict[str, str], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    await asked(create_app(settings), peer, **headers)

    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("peer", "prefix", "instance"),
    [
        (TRUSTED, "/pau", "/pau/api/v1/nothing"),
        (TRUSTED, "/pau/", "/pau/api/v1/nothing"),
        (TRUSTED, "/a/b", "/a/b/api/v1/nothing"),
        (TRUSTED, "//evil.example", f"{API}/nothing"),
        (TRUSTED, "/..", f"{API}/nothing"),
        (TRUSTED, "https://evil.example", f"{API}/nothing"),
        (STRANGER, "/pau", f"{API}/nothing"),
    ],
)
async def test_is_below_the_prefix_when_a_declared_proxy_took_it_away(
    peer: str, prefix: str, instance: str, app: FastAPI
) -> None:
    response = await asked(app, peer, f"{API}/nothing", **{"X-Forwarded-Prefix": prefix})

    problem = response.json()
    assert problem["instance"] == instance
    assert problem["type"] == instance.removesuffix(f"{API}/nothing") + "/problems/not_found"


async def test_shows_its_documentation_when_it_is_below_a_prefix(app: FastAPI) -> None:
    below = {"X-Forwarded-Prefix": "/pau"}

    page = await asked(app, TRUSTED, "/docs", **below)
    contract = (await asked(app, TRUSTED, "/openapi.json", **below)).json()
    asset = await asked(app, TRUSTED, "/docs/assets/swagger-ui.css", **below)

    assert "url: '/pau/openapi.json'" in page.text.replace('"', "'")
    assert "/pau/docs/assets/swagger-ui.css" in page.text
    assert asset.status_code == 200
    assert contract["servers"] == [{"url": "/pau"}]
    [scheme] = contract["components"]["securitySchemes"].values()
    assert scheme["flows"]["password"]["tokenUrl"] == "/pau/api/v1/auth/token"


async def test_serves_the_published_contract_when_there_is_no_prefix(app: FastAPI) -> None:
    await asked(app, TRUSTED, "/openapi.json", **{"X-Forwarded-Prefix": "/pau"})

    assert (await asked(app, TRUSTED, "/openapi.json")).json() == app.openapi()
    assert "servers" not in app.openapi()


async def test_links_stay_below_the_prefix_when_creating_or_paginating(
    client_for: ClientFor, app: FastAPI
) -> None:
    """RFC 9110 §10.2.2 and RFC 8288: both are paths on the host that the client sees."""
    board_member = await client_for(Role.BOARD_MEMBER)
    headers = {**board_member.headers, "X-Forwarded-Prefix": "/pau"}
    transport = ASGITransport(app, client=(TRUSTED, 40_000))
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        created = [await client.post(NEWS, json=DRAFT) for _ in range(2)]
        page = await client.get(f"{NEWS}?limit=1")
        link = page.links["next"]["url"]
        rest = await client.get(link.removeprefix("/pau"))

    assert created[0].headers["Location"] == f"/pau/api/v1/news/{created[0].json()['id']}"
    assert link.startswith("/pau/api/v1/news?limit=1&cursor=")
    assert rest.status_code == 200
