import pytest

from app.presentation.http.routing import api_router


def test_says_what_to_do_when_a_route_has_no_row_of_the_policy_table() -> None:
    router = api_router("/news", "news")

    with pytest.raises(LookupError, match=r"/api/v1/news/new has no row of the policy table\. Pass "):

        @router.get("/new")
        async def new() -> None: ...
