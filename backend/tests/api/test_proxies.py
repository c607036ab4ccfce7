"""What a proxy before the application says, believed or not."""

import logging

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from app.core.settings import Settings
from app.main import create_app

TRUSTED, STRANGER = "10.1.2.3", "198.51.100.66"
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
        (TRUSTED, "//evil.example", "/api/v1/nothing"),
        (TRUSTED, "/..", "/api/v1/nothing"),
        (TRUSTED, "https://evil.example", "/api/v1/nothing"),
        (STRANGER, "/pau", "/api/v1/nothing"),
    ],
)
async def test_is_below_the_prefix_when_a_declared_proxy_took_it_away(
    peer: str, prefix: str, instance: str, app: FastAPI
) -> None:
    response = await asked(app, peer, "/api/v1/nothing", **{"X-Forwarded-Prefix": prefix})

    assert response.json()["instance"] == instance
