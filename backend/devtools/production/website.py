"""The service as its clients see it: through the proxy, with TLS, below the prefix."""

import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe
from uuid import uuid4

import httpx

NewClient = Callable[[int, Path], httpx.Client]
"""Returns a client for a port of this machine and the server's certificate."""
PREFIX = "/pau"
ADMINISTRATOR = "ana@vecinos.example"
PASSWORD = token_urlsafe(24)
"""Of the administrator, another one in each run."""
TIMEOUT_SECONDS = 30.0
PAGE = 100


def new_client(port: int, certificate: Path) -> httpx.Client:
    """Return a client that trusts only this certificate."""
    context = ssl.create_default_context(cafile=certificate)
    url = f"https://localhost:{port}"
    return httpx.Client(base_url=url, verify=context, timeout=TIMEOUT_SECONDS, trust_env=False)


def log_in(client: httpx.Client) -> None:
    """Log in as the administrator; later requests of the client are theirs. Raises httpx.HTTPError."""
    form = {"grant_type": "password", "username": ADMINISTRATOR, "password": PASSWORD}
    response = client.post(f"{PREFIX}/api/v1/auth/token", data=form).raise_for_status()
    client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


def create_article(client: httpx.Client, title: str) -> httpx.Response:
    """Create an article."""
    body = {"title": title, "content": "Text.", "scope": "PUBLIC"}
    return client.post(f"{PREFIX}/api/v1/news", json=body, headers={"Idempotency-Key": str(uuid4())})


def invite(client: httpx.Client, email: str) -> None:
    """Invite a member, to whom the worker sends a mail. Raises httpx.HTTPError."""
    body = {"email": email, "full_name": "Marta Prueba"}
    client.post(f"{PREFIX}/api/v1/members", json=body).raise_for_status()


def titles(client: httpx.Client) -> Iterator[str]:
    """Yield the titles of all articles. Follows the links, which have the prefix. Raises httpx.HTTPError."""
    url = f"{PREFIX}/api/v1/news?limit={PAGE}"
    while url:
        response = client.get(url).raise_for_status()
        yield from (article["title"] for article in response.json()["items"])
        url = response.links.get("next", {}).get("url", "")


def release(client: httpx.Client) -> str:
    """Return the version that the API tells. Raises httpx.HTTPError."""
    version: str = client.get(f"{PREFIX}/openapi.json").raise_for_status().json()["info"]["version"]
    return version


def proxy_problems(client: httpx.Client, http_port: int) -> Iterator[str]:
    """Yield what is wrong with TLS, the prefix, and what strangers may see. The client is logged in."""
    plain = client.get(f"http://localhost:{http_port}{PREFIX}/docs")
    if (plain.status_code, plain.headers.get("Location", "")[:8]) != (
        HTTPStatus.PERMANENT_REDIRECT,
        "https://",
    ):
        yield f"HTTP is answered with {plain.status_code} instead of a redirect to HTTPS"
    ready = client.get(f"{PREFIX}/health/ready")
    if ready.status_code != HTTPStatus.OK:
        yield f"{PREFIX}/health/ready is answered with {ready.status_code}"
    if "Strict-Transport-Security" not in ready.headers:
        yield "browsers are not told to use HTTPS only"
    if client.get(f"{PREFIX}/openapi.json").json().get("servers") != [{"url": PREFIX}]:
        yield "the OpenAPI document does not name the prefix"
    if f"'{PREFIX}/openapi.json'" not in client.get(f"{PREFIX}/docs").text:
        yield "the documentation page does not use the prefix"
    location = create_article(client, f"Link {uuid4()}").headers.get("Location", "")
    if (
        not httpx.URL(location).path.startswith(f"{PREFIX}/")
        or client.get(location).status_code != HTTPStatus.OK
    ):
        yield f"the address of a new article leads nowhere: {location!r}"
    for path in (f"{PREFIX}/metrics", "/metrics", "/health/ready"):
        if (status := client.get(path).status_code) != HTTPStatus.NOT_FOUND:
            yield f"strangers get {status} for {path}"
