import asyncio
from dataclasses import replace

from fastapi import FastAPI
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.operations import JobCounts
from app.core.database import create_database, create_engine
from app.core.settings import Settings
from app.domain.members.member import Role
from app.infrastructure.database.system_load import SqlAlchemyLoadGauge
from tests.api.test_health import away
from tests.factories import PASSWORD, make_member
from tests.plugins.application import ClientOf
from tests.support.http import API, AUTH, ME, MEMBERS, NEWS

Labels = tuple[tuple[str, str], ...]


async def scraped(client: AsyncClient) -> dict[tuple[str, Labels], float]:
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def requests(method: str, route: str, status: str) -> tuple[str, Labels]:
    return "pau2_requests_total", (("method", method), ("route", route), ("status", status))


async def test_counts_requests_by_template_and_status_when_answered(
    client: AsyncClient, client_of: ClientOf
) -> None:
    member = make_member(role=Role.BOARD_MEMBER)
    board_member = await client_of(member)
    for _ in range(2):
        await board_member.get(f"{MEMBERS}/{member.id}?secret=1")
    await client.get(ME)
    await client.get("/nowhere/anna@pau2.example")
    await client.request("INVENTED", NEWS)

    found = await scraped(client)

    assert found[requests("GET", API + "/members/{id}", "200")] == 2
    assert found[requests("GET", ME, "401")] == 1
    assert found[requests("GET", "unmatched", "404")] == 1
    assert [key for key in found if ("method", "other") in key[1]]
    labels = (("method", "GET"), ("route", API + "/members/{id}"))
    assert found["pau2_request_duration_seconds_count", labels] == 2
    assert 0 < found["pau2_request_duration_seconds_sum", labels] < 10
    assert not [key for key in found if "@" in str(key) or str(member.id) in str(key)]


async def test_counts_a_500_when_something_breaks(app: FastAPI, client: AsyncClient) -> None:
    app.state.dependencies = replace(app.state.dependencies, news_queries=None)
    await client.get(NEWS)

    assert (await scraped(client))[requests("GET", NEWS, "500")] == 1


async def test_shows_jobs_by_state_and_connections_when_scraped(
    client: AsyncClient, connection: AsyncConnection
) -> None:
    for name in ("one", "two", "three"):
        registration = {
            "email": f"{name}@pau2.example",
            "password": PASSWORD,
            "full_name": name,
        }
        await client.post(f"{AUTH}/register", json=registration)

    await connection.execute(
        text(
            """UPDATE procrastinate_jobs SET status = 'failed'
            WHERE id = (SELECT min(id) FROM procrastinate_jobs)"""
        )
    )

    found = await scraped(client)

    assert found["pau2_jobs_waiting", ()] == 2
    assert found["pau2_jobs_failed", ()] == 1
    assert found["pau2_database_connections_in_use", ()] == 1


async def test_shows_everything_else_when_the_database_is_away(app: FastAPI, client: AsyncClient) -> None:
    gauge = SqlAlchemyLoadGauge(away, checked_out=lambda: 3)
    app.state.dependencies = replace(app.state.dependencies, load_gauge=gauge)

    found = await scraped(client)

    assert found["pau2_jobs_waiting", ()] != found["pau2_jobs_waiting", ()]
    assert found["pau2_jobs_failed", ()] != found["pau2_jobs_failed", ()]
    assert found["pau2_database_connections_in_use", ()] == 3


async def test_stops_waiting_when_the_queue_is_locked(fresh_database_url: str) -> None:
    engine = create_engine(Settings(database_url=SecretStr(fresh_database_url)))
    database = create_database(engine)
    gauge = SqlAlchemyLoadGauge(database.reads, checked_out=database.checked_out)
    async with engine.connect() as blocker:
        await blocker.execute(text("LOCK procrastinate_jobs IN ACCESS EXCLUSIVE MODE"))
        async with asyncio.timeout(1.5):
            loads = await asyncio.gather(*(gauge.measure() for _ in range(5)))
        assert [load.jobs for load in loads] == [None] * 5
        assert loads[0].connections_in_use == 1
        await blocker.rollback()
    assert (await gauge.measure()).jobs == JobCounts(waiting=0, failed=0)
    await engine.dispose()
