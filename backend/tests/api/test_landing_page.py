"""The page at `/`."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.presentation.http.landing import landing_page
from tests.api.problems import assert_problem
from tests.api.test_proxies import TRUSTED, asked


class Addresses(HTMLParser):
    """Collects the addresses of a page, in its order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in {"a", "link"}:
            self.found.append(attributes["href"] or "")


async def test_leads_to_addresses_that_everybody_may_read(client: AsyncClient) -> None:
    page = await client.get("/")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    addresses = Addresses(page.text).found
    assert {"/docs", "/openapi.json", "/api/v1/events.ics", "/health/ready"} < {*addresses}
    assert {(await client.get(address)).status_code for address in addresses} == {200}


async def test_may_be_kept_by_caches_for_an_hour(client: AsyncClient) -> None:
    assert (await client.get("/")).headers["Cache-Control"] == "public, max-age=3600"


async def test_allows_its_own_style_and_icon_and_nothing_else(client: AsyncClient) -> None:
    page = await client.get("/")

    [style] = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert "//" not in page.text


async def test_stays_below_the_prefix_when_a_proxy_took_it_away(app: FastAPI) -> None:
    page = await asked(app, TRUSTED, "/", **{"X-Forwarded-Prefix": "/pau"})

    addresses = Addresses(page.text).found
    assert addresses
    assert all(address.startswith("/pau/") for address in addresses)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_returns_405_when_it_is_written_to(client: AsyncClient, method: str) -> None:
    response = await client.request(method, "/")

    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD"


def test_escapes_what_it_shows() -> None:
    page = landing_page(title="<b>A & B</b>", version="1", prefix='/"')

    assert bytes(page.body).count(b"&lt;b&gt;A &amp; B&lt;/b&gt;") == 2
    assert b'href="/&quot;/docs"' in bytes(page.body)
