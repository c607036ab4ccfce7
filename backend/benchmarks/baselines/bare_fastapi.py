"""The least code that sends the application's responses: FastAPI, a pool of psycopg connections, and SQL."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import FastAPI, Header, Response
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic_core import to_json

from app.core.settings import Settings
from app.infrastructure.security.access_tokens import AUDIENCE, ISSUER
from benchmarks.cursors import cursor_signer, fingerprint

NEWS = """
    SELECT version, id, title, summary, cover_url, status, scope, author_id, published_at, created_at,
           updated_at
    FROM news
    WHERE deleted_at IS NULL AND scope = 'PUBLIC' AND status = 'PUBLISHED'
    ORDER BY coalesce(published_at, created_at) DESC, id DESC LIMIT %s
"""
MEMBER = """
    SELECT m.version, m.id, m.email, m.full_name, m.phone, m.role, m.is_active, m.language,
           m.email_verified_at, m.created_at, m.updated_at
    FROM sessions s JOIN members m ON m.id = s.member_id
    WHERE s.id = %s AND s.revoked_at IS NULL AND s.expires_at > now() AND m.id = %s AND m.is_active
"""
KEYS = Settings().token_secrets
CURSORS = cursor_signer(os.environ["PAU2_CURSOR_SECRET"])
POOL: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=10,
    max_size=10,
    open=False,
    kwargs={"autocommit": True, "row_factory": dict_row},
)


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with POOL:
        yield


app = FastAPI(lifespan=_lifespan)


async def _rows(query: bytes, *values: object) -> list[DictRow]:
    async with POOL.connection() as connection:
        return await (await connection.execute(query, values)).fetchall()


def _json(content: object) -> bytes:
    return to_json(content)


@app.get("/api/v1/news")
async def list_news(limit: int, sort: str = "-published_at") -> Response:
    """Send the response that the application sends to an anonymous client."""
    rows = await _rows(NEWS.encode(), limit + 1)
    items = rows[:limit]
    cursor = None
    headers = {}
    if len(rows) > limit:
        last = items[-1]
        payload = {
            "for": fingerprint(sort),
            "key": last["published_at"].isoformat(),
            "id": str(last["id"]),
        }
        cursor = str(CURSORS.dumps(payload))
        headers["Link"] = f'</api/v1/news?limit={limit}&cursor={cursor}>; rel="next"'
    content = _json({"items": items, "next_cursor": cursor})
    return Response(content, media_type="application/json", headers=headers)


@app.get("/api/v1/members/me")
async def read_own_member(authorization: Annotated[str, Header()]) -> Response:
    """Check the access token, then read the session and its member with one statement."""
    token = authorization.removeprefix("Bearer ")
    key = KEYS[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, leeway=30
    )
    rows = await _rows(MEMBER.encode(), claims["sid"], claims["sub"])
    if not rows:
        return Response(status_code=401)
    version = rows[0]["version"]
    return Response(_json(rows[0]), media_type="application/json", headers={"ETag": f'"{version}"'})


@app.get("/health/live")
async def live() -> dict[str, str]:
    """Report that the server responds."""
    return {"now": datetime.now(UTC).isoformat()}
