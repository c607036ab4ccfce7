"""Paths of the API, and requests that many tests send."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Settings
from app.domain.auth import OneTimePurpose, OneTimeTokenId
from app.infrastructure.security.signed_tokens import HmacOneTimeTokens
from tests.factories import PASSWORD
from tests.support.accounts import ADDRESS

API = "/api/v1"
AUTH = f"{API}/auth"
TOKEN = f"{AUTH}/token"
SESSIONS = f"{AUTH}/sessions"
MEMBERS = f"{API}/members"
ME = f"{MEMBERS}/me"
NEWS = f"{API}/news"
EVENTS = f"{API}/events"
CONSULTATIONS = f"{API}/consultations"
EXPORTS = f"{API}/exports"

ANY_VERSION = {"If-Match": "*"}


async def log_in(
    client: AsyncClient,
    password: str = PASSWORD,
    *,
    username: str = ADDRESS.value,
    agent: str = "python-httpx",
    **form: str,
) -> Response:
    """Request tokens, by default as Marta. `agent` is the user agent; `form` replaces or adds fields."""
    fields = {"grant_type": "password", "username": username, "password": password} | form
    return await client.post(TOKEN, data=fields, headers={"User-Agent": agent})


async def refresh(client: AsyncClient, token: str) -> Response:
    return await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})


def bearer(tokens: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that send an access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def follow_pages(client: AsyncClient, url: str, **params: Any) -> list[dict[str, Any]]:
    """Return the items of all pages.

    Every page but the last must have `limit` items, and its `Link` must contain the cursor of the body.
    """
    response = await client.get(url, params=params)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    page_size = len(items)
    while cursor := response.json()["next_cursor"]:
        link = response.headers["Link"]
        assert cursor in link
        assert link.endswith('; rel="next"')
        response = await client.get(link[1 : link.index(">")])
        assert response.status_code == 200, response.text
        page = response.json()["items"]
        assert 0 < len(page) <= page_size
        items += page
    assert "Link" not in response.headers
    return items


async def mailed_token(connection: AsyncConnection, settings: Settings, purpose: OneTimePurpose) -> str:
    """Return the token in the newest mail of the queue."""
    query = "SELECT args->>'token_id' FROM procrastinate_jobs ORDER BY id DESC LIMIT 1"
    token_id = OneTimeTokenId(UUID((await connection.execute(text(query))).scalar_one()))
    return HmacOneTimeTokens(settings.token_secrets).text(token_id, purpose)
