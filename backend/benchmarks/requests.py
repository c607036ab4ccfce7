"""Benchmarks of requests: the application and its rivals under the load of the same clients, in turns."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from benchmarks.data import Data, numbered
from benchmarks.load import CLIENTS, Expected, Load, WrongAnswerError, ask, load, request
from benchmarks.results import Result, Target, measured, ratio
from benchmarks.servers import Server, application, contender
from benchmarks.submissions import open_survey

PAGE = 20
LIST = f"/api/v1/news?limit={PAGE}"

Name = TypeVar("Name")


@dataclass(frozen=True)
class Effort:
    """How long the rounds are, in seconds, and how many there are."""

    rounds: int = 5
    seconds: float = 3.0
    clients: int = CLIENTS


def news_list(data: Data, effort: Effort) -> Iterator[Result]:
    """`GET news?limit=20` without a token, against the floor and the usual template."""
    message = request("GET", LIST)
    with ExitStack() as stack:
        ours = stack.enter_context(application(data.environment))
        floor = stack.enter_context(contender("floor", data.environment))
        template = stack.enter_context(contender("template", data.environment))
        expected = same_answer(message, ours, floor, template)
        loads = in_turns(effort, {s: loading(s, message, expected, effort) for s in (ours, floor, template)})
    yield ratio(
        "GET news?limit=20: requests per second against bare FastAPI and psycopg",
        speeds(loads[ours]),
        speeds(loads[floor]),
        target=Target(relation=">=", value=0.60),
        floor_unit="requests/s",
    )
    yield ratio(
        "GET news?limit=20: requests per second against a synchronous ORM session per request",
        speeds(loads[ours]),
        speeds(loads[template]),
        target=Target(relation=">=", value=2.0),
        floor_unit="requests/s",
    )
    yield ratio(
        "GET news?limit=20: 99th percentile of latency against bare FastAPI and psycopg",
        [one.p99 for one in loads[ours]],
        [one.p99 for one in loads[floor]],
        target=Target(relation="<=", value=1.8),
        floor_unit="s",
    )


def own_member(data: Data, effort: Effort) -> Iterator[Result]:
    """`GET members/me` with a token, against a token check and one joined query."""
    message = request("GET", "/api/v1/members/me", headers=authorized(data.token(1)))
    with application(data.environment) as ours, contender("floor", data.environment) as floor:
        expected = same_answer(message, ours, floor)
        loads = in_turns(effort, {s: loading(s, message, expected, effort) for s in (ours, floor)})
    yield ratio(
        "GET members/me: requests per second against a token check and one query",
        speeds(loads[ours]),
        speeds(loads[floor]),
        target=Target(relation=">=", value=0.50),
        floor_unit="requests/s",
    )


def not_modified(data: Data, effort: Effort) -> Iterator[Result]:
    """`GET news/{id}` with the entity tag that the client has, against the same without."""
    path = f"/api/v1/news/{numbered(0x191, 1)}"
    with application(data.environment) as ours:
        answer = ask(ours.port, request("GET", path))
        known = request("GET", path, headers={"If-None-Match": answer.header("etag")})
        loads = in_turns(
            effort,
            {
                304: loading(ours, known, Expected(304, b""), effort),
                200: loading(ours, request("GET", path), Expected(200, answer.body), effort),
            },
        )
    yield ratio(
        "GET news/{id}: requests per second of 304 against 200",
        speeds(loads[304]),
        speeds(loads[200]),
        target=Target(relation=">=", value=1.3),
        floor_unit="requests/s",
    )


def submitted_responses(data: Data, effort: Effort) -> Iterator[Result]:
    """`POST consultations/{id}/responses` with three answers, against the same statements alone."""
    survey = open_survey(data)
    with application(data.environment) as ours:
        messages = (survey.request(data, number) for number in count(1))
        loads = in_turns(
            effort,
            {
                "ours": lambda: load(
                    ours.port, messages, Expected(201), seconds=effort.seconds, clients=effort.clients
                ),
                "floor": lambda: survey.alone(data, effort.seconds, effort.clients),
            },
        )
    yield ratio(
        "POST consultations/{id}/responses: requests per second against the same statements",
        speeds(loads["ours"]),
        speeds(loads["floor"]),
        target=Target(relation=">=", value=0.45),
        floor_unit="submissions/s",
    )


def two_processes(data: Data, effort: Effort) -> Iterator[Result]:
    """`GET news?limit=20` of two processes against one."""
    message = request("GET", LIST)
    with application(data.environment) as one, application(data.environment, processes=2) as two:
        expected = same_answer(message, one, two)
        loads = in_turns(effort, {s: loading(s, message, expected, effort) for s in (one, two)})
    yield ratio(
        "GET news?limit=20: requests per second of two processes against one",
        speeds(loads[two]),
        speeds(loads[one]),
        target=Target(relation=">=", value=1.8),
        floor_unit="requests/s",
    )


def deep_page(data: Data, effort: Effort) -> Iterator[Result]:
    """A page that begins at row 1,000,000 of a list against the first one, by their median latency."""
    with application(data.environment) as ours:
        first = request("GET", LIST)
        deep = request("GET", f"{LIST}&cursor={data.cursor(depth=1_000_000)}")
        answers = {name: ask(ours.port, message) for name, message in (("first", first), ("deep", deep))}
        if len(json.loads(answers["deep"].body)["items"]) != PAGE:
            raise WrongAnswerError("the deep page is not full")
        loads = in_turns(
            effort,
            {
                "deep": loading(ours, deep, Expected(200, answers["deep"].body), effort),
                "first": loading(ours, first, Expected(200, answers["first"].body), effort),
            },
        )
    yield measured(
        "GET news?limit=20: time of the page at row 1,000,000 against the first page",
        [a / b for a, b in zip(speeds(loads["first"]), speeds(loads["deep"]), strict=True)],
        unit="ratio",
        target=Target(relation="<=", value=1.2),
    )


def authorized(token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


def same_answer(message: bytes, *servers: Server) -> Expected:
    """Return the answer that all servers give. Raises WrongAnswerError when they differ in a byte."""
    answers = {server: ask(server.port, message) for server in servers}
    expected = answers[servers[0]]
    for server, answer in answers.items():
        if (answer.status, answer.body) != (expected.status, expected.body):
            raise WrongAnswerError(
                f"{server.name} answers {answer.body!r} and {servers[0].name} {expected.body!r}"
            )
    return Expected(expected.status, expected.body)


def loading(server: Server, message: bytes, expected: Expected, effort: Effort) -> Callable[[], Load]:
    """Return what loads a server once."""
    return lambda: load(server.port, message, expected, seconds=effort.seconds, clients=effort.clients)


def in_turns(effort: Effort, turns: dict[Name, Callable[[], Load]]) -> dict[Name, list[Load]]:
    """Warm each one up, then load one after the other in each round, the first one last in the next."""
    for turn in turns.values():
        turn()
    loads: dict[Name, list[Load]] = {name: [] for name in turns}
    names = list(turns)
    for number in range(effort.rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            loads[name].append(turns[name]())
    return loads


def speeds(loads: list[Load]) -> list[float]:
    """Return requests per second of each round."""
    return [one.requests_per_second for one in loads]
