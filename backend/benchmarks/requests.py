"""Benchmarks of requests: the application and its baselines alternately under the same load."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from benchmarks.data import ARTICLE_PREFIX, Data, row_id
from benchmarks.load import CLIENTS, Expected, Load, UnexpectedResponseError, load, request, send_request
from benchmarks.results import Result, Target, measured, ratio
from benchmarks.servers import Server, application, baseline_server
from benchmarks.submissions import find_open_consultation

PAGE_SIZE = 20
LIST = f"/api/v1/news?limit={PAGE_SIZE}"

Name = TypeVar("Name")


@dataclass(frozen=True)
class RunOptions:
    """The number of rounds, the seconds of each, and the number of concurrent clients."""

    rounds: int = 5
    seconds: float = 2.0
    clients: int = CLIENTS


def news_list(data: Data, options: RunOptions) -> Iterator[Result]:
    """`GET news?limit=20` without a token, against bare FastAPI and against a synchronous ORM."""
    message = request("GET", LIST)
    with ExitStack() as stack:
        ours = stack.enter_context(application(data.environment))
        baseline = stack.enter_context(baseline_server("bare_fastapi", data.environment))
        synchronous_orm = stack.enter_context(baseline_server("synchronous_orm", data.environment))
        expected = same_response(message, ours, baseline, synchronous_orm)
        loads = run_alternately(
            options, {s: loader(s, message, expected, options) for s in (ours, baseline, synchronous_orm)}
        )
    yield ratio(
        "GET news?limit=20: requests per second against bare FastAPI and psycopg",
        throughputs(loads[ours]),
        throughputs(loads[baseline]),
        target=Target(relation=">=", value=0.60),
        baseline_unit="requests/s",
    )
    yield ratio(
        "GET news?limit=20: requests per second against a synchronous ORM session per request",
        throughputs(loads[ours]),
        throughputs(loads[synchronous_orm]),
        target=Target(relation=">=", value=2.0),
        baseline_unit="requests/s",
    )
    yield ratio(
        "GET news?limit=20: 99th percentile of latency against bare FastAPI and psycopg",
        [one.p99 for one in loads[ours]],
        [one.p99 for one in loads[baseline]],
        target=Target(relation="<=", value=1.8),
        baseline_unit="s",
    )


def own_member(data: Data, options: RunOptions) -> Iterator[Result]:
    """`GET members/me` with a token, against a token check and one joined query."""
    message = request("GET", "/api/v1/members/me", headers=authorized(data.token(1)))
    with application(data.environment) as ours, baseline_server("bare_fastapi", data.environment) as baseline:
        expected = same_response(message, ours, baseline)
        loads = run_alternately(options, {s: loader(s, message, expected, options) for s in (ours, baseline)})
    yield ratio(
        "GET members/me: requests per second against a token check and one query",
        throughputs(loads[ours]),
        throughputs(loads[baseline]),
        target=Target(relation=">=", value=0.50),
        baseline_unit="requests/s",
    )


def not_modified(data: Data, options: RunOptions) -> Iterator[Result]:
    """`GET news/{id}` with the current entity tag, against the same without it."""
    path = f"/api/v1/news/{row_id(ARTICLE_PREFIX, 1)}"
    with application(data.environment) as ours:
        response = send_request(ours.port, request("GET", path))
        conditional = request("GET", path, headers={"If-None-Match": response.header("etag")})
        loads = run_alternately(
            options,
            {
                304: loader(ours, conditional, Expected(304, b""), options),
                200: loader(ours, request("GET", path), Expected(200, response.body), options),
            },
        )
    yield ratio(
        "GET news/{id}: requests per second of 304 against 200",
        throughputs(loads[304]),
        throughputs(loads[200]),
        target=Target(relation=">=", value=1.3),
        baseline_unit="requests/s",
    )


def submitted_responses(data: Data, options: RunOptions) -> Iterator[Result]:
    """`POST consultations/{id}/responses` with three answers, against the same statements without HTTP."""
    consultation = find_open_consultation(data)
    with application(data.environment) as ours:
        messages = (consultation.request(data, number) for number in count(1))
        loads = run_alternately(
            options,
            {
                "ours": lambda: load(
                    ours.port, messages, Expected(201), seconds=options.seconds, clients=options.clients
                ),
                "baseline": lambda: consultation.load_statements(data, options.seconds, options.clients),
            },
        )
    yield ratio(
        "POST consultations/{id}/responses: requests per second against the same statements",
        throughputs(loads["ours"]),
        throughputs(loads["baseline"]),
        target=Target(relation=">=", value=0.45),
        baseline_unit="submissions/s",
    )


def two_processes(data: Data, options: RunOptions) -> Iterator[Result]:
    """`GET news?limit=20` of two processes against one."""
    message = request("GET", LIST)
    with application(data.environment) as one, application(data.environment, processes=2) as two:
        expected = same_response(message, one, two)
        loads = run_alternately(options, {s: loader(s, message, expected, options) for s in (one, two)})
    yield ratio(
        "GET news?limit=20: requests per second of two processes against one",
        throughputs(loads[two]),
        throughputs(loads[one]),
        target=Target(relation=">=", value=1.8),
        baseline_unit="requests/s",
    )


def deep_page_of_news(data: Data, options: RunOptions) -> Iterator[Result]:
    """The page at row 1,000,000 of a list against the first page, by their median latency."""
    with application(data.environment) as ours:
        first = request("GET", LIST)
        deep = request("GET", f"{LIST}&cursor={data.cursor(depth=1_000_000)}")
        first_page = send_request(ours.port, first)
        deep_page = send_request(ours.port, deep)
        if len(json.loads(deep_page.body)["items"]) != PAGE_SIZE:
            raise UnexpectedResponseError("the deep page is not full")
        loads = run_alternately(
            options,
            {
                "deep": loader(ours, deep, Expected(200, deep_page.body), options),
                "first": loader(ours, first, Expected(200, first_page.body), options),
            },
        )
    yield measured(
        "GET news?limit=20: time of the page at row 1,000,000 against the first page",
        [
            first / deep
            for first, deep in zip(throughputs(loads["first"]), throughputs(loads["deep"]), strict=True)
        ],
        unit="ratio",
        target=Target(relation="<=", value=1.2),
    )


def authorized(token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


def same_response(message: bytes, *servers: Server) -> Expected:
    """Return the response that all servers send. Raises UnexpectedResponseError if they differ in a byte."""
    responses = {server: send_request(server.port, message) for server in servers}
    expected = responses[servers[0]]
    for server, response in responses.items():
        if (response.status, response.body) != (expected.status, expected.body):
            raise UnexpectedResponseError(
                f"{server.name} sends {response.body!r} and {servers[0].name} {expected.body!r}"
            )
    return Expected(expected.status, expected.body)


def loader(server: Server, message: bytes, expected: Expected, options: RunOptions) -> Callable[[], Load]:
    """Return a function that loads a server for one round."""
    return lambda: load(server.port, message, expected, seconds=options.seconds, clients=options.clients)


def run_alternately(options: RunOptions, turns: dict[Name, Callable[[], Load]]) -> dict[Name, list[Load]]:
    """Warm up each server, then load them one after the other in each round, in rotated order."""
    for turn in turns.values():
        turn()
    loads: dict[Name, list[Load]] = {name: [] for name in turns}
    names = list(turns)
    for number in range(options.rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            loads[name].append(turns[name]())
    return loads


def throughputs(loads: list[Load]) -> list[float]:
    """Return the requests per second of each round."""
    return [one.requests_per_second for one in loads]
