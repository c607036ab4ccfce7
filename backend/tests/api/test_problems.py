"""The `type` of every problem leads to its explanation (RFC 9457 §3.1.1)."""

from html import escape

import pytest
from httpx import AsyncClient

from app.presentation.http.problems import prefers_html
from tests.api.contract import contract
from tests.api.problems import assert_problem
from tests.support.http import API, ME, NEWS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def declared_codes() -> set[str]:
    """Return every code that some operation of the contract declares."""
    return {
        code
        for path in contract()["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if status >= "4"
        for content in response["content"].values()
        for code in content["examples"]
    }


async def test_lists_every_code_that_the_contract_declares_when_asked(client: AsyncClient) -> None:
    listed = (await client.get("/problems")).json()["items"]

    codes = [each["code"] for each in listed]
    assert codes == sorted(codes)
    assert {*codes} == declared_codes() | {"not_found", "method_not_allowed"}


@pytest.mark.parametrize("path", [f"{API}/nothing", ME, f"{NEWS}?sort=colour"])
async def test_says_the_same_as_the_problem_when_its_type_is_followed(path: str, client: AsyncClient) -> None:
    problem = (await client.get(path)).json()

    meaning = await client.get(problem["type"])

    assert meaning.headers["Content-Type"] == "application/json"
    assert meaning.json() == {name: problem[name] for name in ("type", "title", "status", "detail", "code")}


async def test_shows_a_page_when_a_browser_asks(client: AsyncClient) -> None:
    page = await client.get("/problems/precondition_required", headers={"Accept": BROWSER})

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Vary"] == "Accept"
    for shown in (
        "Precondition required",
        "428",
        "Send If-Match with the ETag of the version that you have read.",
    ):
        assert escape(shown) in page.text


async def test_returns_404_when_no_problem_has_the_code(client: AsyncClient) -> None:
    for code in ("nothing", "%3Cscript%3E"):
        assert_problem(await client.get(f"/problems/{code}"), 404, "problem_type_not_found")


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("text/*;q=0.5", True),
        ("TEXT/HTML; q=0.9, application/json; q=0.8", True),
        ("*/*", False),
        ("", False),
        ("text/html;q=0.8, application/json", False),
        ("text/html;q=0, */*;q=0.1", False),
        ("text/html;q=nonsense", False),
    ],
)
def test_prefers_a_page_when_accept_ranks_it_higher(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html
