"""Random sequences of steps with one session over HTTP. The state machine with the rules is a unit test."""

from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import AsyncClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.presentation.http.dependencies import Dependencies
from tests.examples import EXAMPLES
from tests.factories import PASSWORD
from tests.fakes import FakePasswordHasher, FixedClock
from tests.support.http import AUTH, ME, log_in, refresh

REVOKE = f"{AUTH}/revoke"
STEPS = st.lists(st.sampled_from(["refresh", "retry", "replay", "wait", "revoke"]), max_size=8)


@pytest.fixture
def dependencies(dependencies: Dependencies) -> Dependencies:
    return replace(dependencies, hasher=FakePasswordHasher())


@pytest.fixture
def password_hash() -> str:
    return f"hash:{PASSWORD}"


class SessionSequence:
    """The tokens of one session, and whether it should be alive."""

    def __init__(self, client: AsyncClient, clock: FixedClock, tokens: dict[str, str]) -> None:
        self.client = client
        self.clock = clock
        self.access = tokens["access_token"]
        self.chain = [tokens["refresh_token"]]
        self.alive = True

    async def step(self, name: str) -> None:
        if name == "wait":
            self.clock.move(timedelta(hours=6))
        elif name == "revoke":
            assert (await self.client.post(REVOKE, data={"token": self.chain[-1]})).status_code == 200
            self.alive = False
        elif name == "refresh":
            await self.present(-1)
        elif len(self.chain) > 2:
            await self.present(-2 if name == "retry" else -3)

    async def present(self, place: int) -> None:
        response = await refresh(self.client, self.chain[place])
        good = self.alive and place in {-1, -2}
        assert response.status_code == (200 if good else 400)
        self.alive = good
        if not good:
            return
        tokens = response.json()
        self.access = tokens["access_token"]
        if place == -1:
            self.chain.append(tokens["refresh_token"])
        assert tokens["refresh_token"] == self.chain[-1]


@pytest.mark.usefixtures("marta")
@given(steps=STEPS)
@settings(
    max_examples=EXAMPLES.walks,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_answers_as_the_rules_say_when_tokens_come_in_any_order(
    client: AsyncClient, clock: FixedClock, steps: list[str]
) -> None:
    sequence = SessionSequence(client, clock, (await log_in(client)).json())

    for step in ["refresh", "refresh", *steps, "refresh"]:  # the last response contains a valid access token
        await sequence.step(step)

    headers = {"Authorization": f"Bearer {sequence.access}"}
    seen = await client.get(ME, headers=headers)
    assert seen.status_code == (200 if sequence.alive else 401)
