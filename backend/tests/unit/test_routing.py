import pytest

from app.presentation.http.routing import api_router


def test_names_repair_when_a_route_has_no_policy_row() -> None:
    router = api_router("/news", "news")

    with pytest.raises(LookupError, match=r"/api/v1/news/new has no row of the policy table\. Pass "):

        @router.get("/new")
        async def new() -> None: ...
