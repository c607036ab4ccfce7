"""Behaviour that every endpoint shares."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import Message

from app.domain.errors import UnavailableError
from app.domain.members.member import Role
from app.presentation.http import requests
from tests.api.problems import assert_problem
from tests.plugins.application import ClientFor
from tests.support.http import API, EXPORTS, ME, NEWS, TOKEN

DRAFT = {"title": "Title", "content": "Content", "scope": "PUBLIC"}
CANARY = "canary-7f3a"


async def test_returns_404_when_there_is_no_such_address(client: AsyncClient) -> None:
    assert_problem(await client.get(f"{API}/nothing"), 404, "not_found")


async def test_returns_405_with_allow_when_the_method_is_wrong(client: AsyncClient) -> None:
    for path, allowed in [
        (NEWS, {"GET", "HEAD", "POST"}),
        (ME, {"GET", "HEAD", "PATCH", "DELETE"}),
        (TOKEN, {"POST"}),
        ("/docs/assets/swagger-ui.css", {"GET", "HEAD"}),
    ]:
        response = await client.put(path)

        assert_problem(response, 405, "method_not_allowed")
        assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [NEWS, f"{API}/events.ics", "/health/live", "/", "/docs", "/openapi.json"])
async def test_returns_the_head_alone_when_that_is_asked_for(path: str, client: AsyncClient) -> None:
    """RFC 9110 §9.3.2."""
    full = await client.get(path)
    head = await client.head(path)

    assert head.content == b""
    assert (head.status_code, head.headers.get("ETag")) == (200, full.headers.get("ETag"))
    assert head.headers["Content-Type"] == full.headers["Content-Type"]


async def test_returns_404_when_a_slash_is_added(client: AsyncClient) -> None:
    """A redirect would lead wherever the Host header points."""
    for path in [f"{NEWS}/", "/docs/", "/docs/assets"]:
        assert_problem(await client.get(path, headers={"Host": "evil.example"}), 404, "not_found")


@pytest.mark.parametrize("part", ["bytes=0-3", "bytes=9999999-", "nonsense"])
async def test_returns_the_whole_file_when_a_range_of_it_is_asked_for(part: str, client: AsyncClient) -> None:
    """RFC 9110 §14.2: a server may ignore Range."""
    url = "/docs/assets/swagger-ui.css"

    response = await client.get(url, headers={"Range": part})

    assert (response.status_code, response.content) == (200, (await client.get(url)).content)


async def test_returns_401_when_the_token_is_not_ours(client: AsyncClient) -> None:
    response = await client.get(NEWS, headers={"Authorization": "Bearer nonsense"})

    assert_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="pau2", error="invalid_token"'


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic Og=="}])
async def test_challenges_without_an_error_when_there_is_no_token(
    headers: dict[str, str], client: AsyncClient
) -> None:
    """RFC 6750 §3.1."""
    response = await client.get(ME, headers=headers)

    assert_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="pau2"'


async def test_says_that_the_token_is_not_enough_when_the_role_is_not(client_for: ClientFor) -> None:
    """RFC 6750 §3.1."""
    response = await (await client_for(Role.MEMBER)).get(f"{API}/audit-log")

    assert_problem(response, 403, "forbidden")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="pau2", error="insufficient_scope"'


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(DRAFT | {"title": CANARY * 100}),
        json.dumps(DRAFT | {"scope": CANARY}),
        json.dumps(DRAFT | {f"{CANARY} !": 1}),
        json.dumps(DRAFT | {"title": {"x": CANARY}}),
        json.dumps({"content": CANARY}),
        f'{{"title": "{CANARY}" ',
        json.dumps(CANARY),
    ],
)
async def test_does_not_echo_the_input_when_it_is_not_valid(body: str, client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, content=body, headers={"Content-Type": "application/json"})

    assert_problem(response, 422, "validation_failed")
    assert response.json()["errors"]
    assert CANARY not in response.text


async def test_names_the_field_when_it_is_unknown(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, json=DRAFT | {"colour": "red"})

    assert_problem(response, 422, "validation_failed", pointer="/body/colour")


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "a\\u0000b", "content": "c", "scope": "PUBLIC"}',
        b'{"title": "a\\ud800b", "content": "c", "scope": "PUBLIC"}',
        b'{"title": "a\\u001bb", "content": "c", "scope": "PUBLIC"}',
        b'{"title": "a\\r\\nb", "content": "c", "scope": "PUBLIC"}',
        b'{"title": "a", "content": "c\\u0000", "scope": "PUBLIC"}',
        b'{"title": "a", "title": "b", "content": "c", "scope": "PUBLIC"}',
        b'{"title": 1e400, "content": "c", "scope": "PUBLIC"}',
        b'{"title": NaN, "content": "c", "scope": "PUBLIC"}',
        b'{"\\ud800": 1, "title": "a", "content": "c", "scope": "PUBLIC"}',
        b"[" * 30 + b"]" * 30,
        b"\xff\xfe",
        b"{" * 200_000,
    ],
)
async def test_returns_422_when_the_body_is_treacherous(body: bytes, client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, content=body, headers={"Content-Type": "application/json"})

    assert_problem(response, 422, "validation_failed")


async def test_speaks_plainly_when_a_value_is_too_long_or_no_choice(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    long = await board_member.post(NEWS, json=DRAFT | {"title": "x" * 201})
    choice = await board_member.get(f"{EXPORTS}/news?format=pdf")

    assert [error["message"] for response in (long, choice) for error in response.json()["errors"]] == [
        "Value should have at most 200 characters, not 201",
        "Input should be 'csv', 'xlsx' or 'json'",
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"title": "a", "title": "b"}', "Duplicate key"),
        (b'{"title": "a" "b"}', "Expecting ',' delimiter"),
        (b"[" * 30 + b"]" * 30, "Nested too deeply"),
    ],
)
async def test_says_what_is_wrong_when_the_body_is_no_json(
    body: bytes, message: str, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, content=body, headers={"Content-Type": "application/json"})

    assert response.json()["errors"] == [{"pointer": "/body", "code": "json_invalid", "message": message}]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/merge-patch+json"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
async def test_returns_415_when_the_body_is_in_another_form(
    headers: dict[str, str], client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(NEWS, content=json.dumps(DRAFT), headers=headers)

    assert_problem(response, 415, "unsupported_media_type")
    assert response.headers["Accept"] == "application/json"


@pytest.mark.parametrize("parameter", ["a", "a{}"])
async def test_complains_once_when_there_are_too_many_parameters(parameter: str, client: AsyncClient) -> None:
    """Validating each of thousands of parameters would block all other requests."""
    query = "&".join(parameter.format(number) for number in range(requests.MAX_ITEMS + 1))

    response = await client.get(f"{NEWS}?{query}")

    assert_problem(response, 422, "validation_failed")
    assert [error["pointer"] for error in response.json()["errors"]] == ["/query"]


@pytest.mark.parametrize("announced", [True, False])
async def test_returns_413_when_the_body_is_beyond_a_mebibyte(announced: bool, client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    body = json.dumps(DRAFT | {"content": "x" * 1024 * 1024}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    response = await board_member.post(
        NEWS,
        content=body if announced else pieces(),
        headers={"Content-Type": "application/json"},
    )

    assert_problem(response, 413, "content_too_large")


async def test_returns_413_before_body_when_declared_length_is_too_big(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b" ")
        yield b" "

    headers = {"Content-Type": "application/json", "Content-Length": str(requests.MAX_BODY_BYTES + 1)}
    response = await board_member.post(NEWS, content=body(), headers=headers)

    assert_problem(response, 413, "content_too_large")
    assert read == []


@pytest.mark.parametrize(
    ("path", "content_type"),
    [(NEWS, "application/json"), (TOKEN, "application/x-www-form-urlencoded")],
)
async def test_returns_408_when_the_body_does_not_come(
    path: str, content_type: str, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BODY_TIMEOUT_SECONDS", 0.2)
    board_member = await client_for(Role.BOARD_MEMBER)

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" "
            await asyncio.sleep(0.1)

    response = await board_member.post(path, content=trickle(), headers={"Content-Type": content_type})

    assert_problem(response, 408, "request_timeout")
    assert response.headers["Connection"] == "close"


def test_waits_half_a_minute_for_a_body_when_nothing_else_is_set() -> None:
    assert requests.BODY_TIMEOUT_SECONDS == 30


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", True),
        ("short", False),
        ("x" * 65, False),
        ("line\tbreak-forged", False),
    ],
)
async def test_keeps_a_request_id_when_it_looks_like_one(given: str, kept: bool, client: AsyncClient) -> None:
    response = await client.get("/health/live", headers={"X-Request-ID": given})

    assert (response.headers["X-Request-ID"] == given) is kept
    assert response.headers["X-Request-ID"]


async def test_forbids_caching_and_sniffing_when_nothing_else_is_said(client: AsyncClient) -> None:
    response = await client.get(NEWS)

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


class BrokenQueries:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def list_articles(self, **_: object) -> object:
        raise self._error


async def asked(app: FastAPI, error: Exception) -> Response:
    app.state.dependencies = replace(app.state.dependencies, news_queries=BrokenQueries(error))
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(NEWS)


async def test_returns_500_without_details_when_something_breaks(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    response = await asked(app, RuntimeError(CANARY))

    assert_problem(response, 500, "internal_error")
    assert CANARY not in response.text
    assert CANARY not in caplog.text
    assert "RuntimeError" in caplog.text


async def test_answers_nobody_and_logs_no_error_when_the_client_leaves(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Message] = []
    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"9")]
    scope = {"type": "http", "method": "POST", "path": TOKEN, "headers": headers}

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope | {"query_string": b""}, receive, send)

    [line] = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert (line["event"], line["level"], line["status"]) == ("request", "info", 0)
    assert sent == []


async def test_returns_503_with_retry_after_when_the_database_is_away(app: FastAPI) -> None:
    response = await asked(app, UnavailableError())

    assert_problem(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0


async def test_logs_one_line_with_ids_only_when_a_request_is_answered(
    client_for: ClientFor, caplog: pytest.LogCaptureFixture
) -> None:
    member = await client_for(Role.MEMBER)
    caplog.clear()

    response = await member.get(f"{NEWS}?sort=title", headers={"User-Agent": CANARY})

    [line] = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert line.keys() == {
        "event",
        "level",
        "timestamp",
        "request_id",
        "member_id",
        "method",
        "route",
        "status",
        "duration_ms",
    }
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["route"] == NEWS
    assert line["status"] == 200


async def test_needs_no_internet_when_the_documentation_is_read(client: AsyncClient) -> None:
    page = await client.get("/docs")

    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs/assets/{asset}" in page.text
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200
    assert (await client.get("/openapi.json")).json()["info"]["title"] == "PAU 2"
    assert (await client.get("/redoc")).status_code == 404
