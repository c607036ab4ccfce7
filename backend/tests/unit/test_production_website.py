"""What a client checks of the service behind its proxy, with a proxy that breaks one promise at a time."""

from collections.abc import Callable

import httpx
import pytest

from devtools.production.traffic import Journal, traffic
from devtools.production.website import invite, log_in, proxy_problems, release, titles

Respond = Callable[[httpx.Request], httpx.Response | None]

ARTICLE = "/pau/api/v1/news/1"
NEWS = "/pau/api/v1/news"
HSTS = {"Strict-Transport-Security": "max-age=31536000"}
RESPONSES = {
    ("POST", "https", "/pau/api/v1/auth/token"): httpx.Response(200, json={"access_token": "token"}),
    ("POST", "https", "/pau/api/v1/members"): httpx.Response(201),
    ("POST", "https", NEWS): httpx.Response(201, headers={"Location": ARTICLE}),
    ("GET", "https", ARTICLE): httpx.Response(200),
    ("GET", "http", "/pau/docs"): httpx.Response(308, headers={"Location": "https://localhost/pau/docs"}),
    ("GET", "https", "/pau/docs"): httpx.Response(200, text="url: '/pau/openapi.json'"),
    ("GET", "https", "/pau/health/ready"): httpx.Response(200, headers=HSTS),
    ("GET", "https", "/pau/openapi.json"): httpx.Response(
        200, json={"servers": [{"url": "/pau"}], "info": {"version": "1.0.0"}}
    ),
}


def as_promised(request: httpx.Request) -> httpx.Response:
    """Respond as the service does, with one article on each of two pages."""
    asked = (request.method, request.url.scheme, request.url.path)
    if asked == ("GET", "https", NEWS):
        link = {} if "cursor" in request.url.params else {"Link": f'<{request.url}&cursor=x>; rel="next"'}
        return httpx.Response(200, headers=link, json={"items": [{"title": f"Title {bool(link)}"}]})
    return RESPONSES.get(asked, httpx.Response(404))


def client_of(respond: Respond) -> httpx.Client:
    """Return a client of a service that responds as promised unless `respond` returns another response."""
    transport = httpx.MockTransport(lambda request: respond(request) or as_promised(request))
    return httpx.Client(base_url="https://localhost", transport=transport)


def keep_promises(_request: httpx.Request) -> None:
    """Change no response."""


def at(path: str, response: httpx.Response, method: str = "GET", scheme: str = "https") -> Respond:
    """Give this response to requests of a path."""
    wanted = (method, scheme, path)
    return lambda request: (
        response if (request.method, request.url.scheme, request.url.path) == wanted else None
    )


def test_accepts_service_that_keeps_its_promises() -> None:
    with client_of(keep_promises) as client:
        assert list(proxy_problems(client, 80)) == []


@pytest.mark.parametrize(
    ("respond", "message"),
    [
        (at("/pau/docs", httpx.Response(200), scheme="http"), "HTTP is answered with 200"),
        (
            at("/pau/docs", httpx.Response(308, headers={"Location": "http://x"}), scheme="http"),
            "HTTP is answered with 308",
        ),
        (
            at("/pau/health/ready", httpx.Response(503, headers=HSTS)),
            "/pau/health/ready is answered with 503",
        ),
        (at("/pau/health/ready", httpx.Response(200)), "browsers are not told to use HTTPS only"),
        (at("/pau/openapi.json", httpx.Response(200, json={})), "does not name the prefix"),
        (at("/pau/docs", httpx.Response(200, text="'/openapi.json'")), "page does not use the prefix"),
        (at(NEWS, httpx.Response(201), method="POST"), "leads nowhere: ''"),
        (
            at(NEWS, httpx.Response(201, headers={"Location": "/api/v1/news/1"}), method="POST"),
            "leads nowhere: '/api/v1/news/1'",
        ),
        (at(ARTICLE, httpx.Response(404)), f"leads nowhere: '{ARTICLE}'"),
        (at("/pau/metrics", httpx.Response(200)), "strangers get 200 for /pau/metrics"),
        (at("/health/ready", httpx.Response(200)), "strangers get 200 for /health/ready"),
    ],
)
def test_refuses_service_that_breaks_a_promise(respond: Respond, message: str) -> None:
    with client_of(respond) as client:
        (problem,) = proxy_problems(client, 80)

    assert message in problem


def test_follows_the_links_of_pages() -> None:
    with client_of(keep_promises) as client:
        assert list(titles(client)) == ["Title True", "Title False"]


def test_logs_in_invites_and_reads_the_release() -> None:
    requests: list[httpx.Request] = []
    with client_of(requests.append) as client:
        log_in(client)
        invite(client, "marta@vecinos.example")
        version = release(client)

    assert version == "1.0.0"
    assert requests[1].headers["Authorization"] == "Bearer token"
    assert b"marta@vecinos.example" in requests[1].content


def journal_after(respond: Respond) -> Journal:
    """Let clients work until each has made a request."""
    with traffic(lambda: client_of(respond)) as journal:
        pass
    return journal


def test_notes_what_was_promised() -> None:
    journal = journal_after(keep_promises)

    assert journal.reads >= 2
    assert list(journal.problems(journal.promised)) == []
    assert list(journal.problems(journal.promised[1:])) == [
        f"article {journal.promised[0]!r} was answered with 2xx and is there 0 times"
    ]
    assert len(list(journal.problems(journal.promised * 2))) == len(journal.promised)


def refuse_connection(request: httpx.Request) -> None:
    if request.method == "GET":
        raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("respond", "message"),
    [
        (
            at(NEWS, httpx.Response(503, text="busy"), method="POST"),
            "POST /pau/api/v1/news was answered with 503: busy",
        ),
        (refuse_connection, "ConnectError('refused')"),
        (at("/pau/api/v1/auth/token", httpx.Response(503), method="POST"), "log in: HTTPStatusError("),
    ],
)
def test_notes_requests_that_fail(respond: Respond, message: str) -> None:
    problems = list(journal_after(respond).problems([]))

    assert any(problem.startswith(message) for problem in problems)


def test_refuses_journal_without_requests() -> None:
    assert list(Journal().problems([])) == ["the clients made no requests"]
