"""The benchmarks compare only servers that send the same responses."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from importlib import import_module, reload
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import ASGIApp

from app.core.settings import Environment, Settings
from app.main import create_app
from benchmarks.data import CURSOR_KEY, Data, fill
from benchmarks.history import LONGEST_HISTORY, compare_with_last_run
from benchmarks.load import HEAD_END, Expected, Load, UnexpectedResponseError, load, request, send_request
from benchmarks.requests import RunOptions, authorized, run_alternately, same_response
from benchmarks.results import Target, measured, ratio, write
from benchmarks.servers import Server
from tests.support.http import ME, NEWS

SMALL = 0.0001
"""The share of rows that a test needs: 200 members, 100 articles."""


@contextmanager
def server_sending(*pieces: bytes) -> Iterator[int]:
    """Serve these pieces in order as the response to every request, and yield the port.

    The connection closes if they do not contain a complete head.
    """
    is_complete = HEAD_END in b"".join(pieces)
    ready = Event()
    done = Event()
    ports: list[int] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(HEAD_END)
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                if not is_complete:
                    break
        writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=[serve()], daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield ports[0]
    finally:
        done.set()
        thread.join(10)


def response(status: int, body: bytes) -> bytes:
    return b'HTTP/1.1 %d X\r\nContent-Length: %d\r\nETag: "1"\r\n\r\n' % (status, len(body)) + body


def test_counts_every_response_when_it_comes_in_pieces() -> None:
    whole = response(200, b"hello")
    with server_sending(whole[:20], whole[20:45], whole[45:]) as port:
        done = load(port, iter([request("GET", "/")] * 7), Expected(200, b"hello"), seconds=10, clients=2)
    assert len(done.latencies) == 7
    assert done.requests_per_second > 0


def test_stops_in_time_when_requests_never_end() -> None:
    with server_sending(response(200, b"")) as port:
        done = load(port, request("GET", "/"), Expected(200), seconds=0.05, clients=2)
    assert done.p99 > 0


@pytest.mark.parametrize(
    ("received", "message"),
    [
        (response(500, b"broken"), "500 instead of 200"),
        (response(200, b"other"), "instead of b'hello'"),
    ],
)
def test_refuses_to_measure_when_a_response_is_wrong(received: bytes, message: str) -> None:
    with server_sending(received) as port, pytest.raises(UnexpectedResponseError, match=message):
        load(port, request("GET", "/"), Expected(200, b"hello"), seconds=5, clients=1)


def test_refuses_to_measure_when_the_server_closes_a_connection() -> None:
    with (
        server_sending(b"HTTP/1.1 200 OK\r\n") as port,
        pytest.raises(UnexpectedResponseError, match="closed"),
    ):
        load(port, request("GET", "/"), Expected(200), seconds=5, clients=1)


def test_refuses_a_header_when_the_response_does_not_have_it() -> None:
    with server_sending(response(200, b"")) as port:
        received = send_request(port, request("GET", "/"))
    assert received.header("etag") == '"1"'
    with pytest.raises(UnexpectedResponseError, match="no location"):
        received.header("location")


def test_refuses_baselines_when_they_send_other_bytes() -> None:
    with server_sending(response(200, b"one")) as one, server_sending(response(200, b"two")) as two:
        servers = [Server(name, port, psutil.Process()) for name, port in (("ours", one), ("baseline", two))]
        with pytest.raises(UnexpectedResponseError, match="baseline sends b'two' and ours b'one'"):
            same_response(request("GET", "/"), *servers)
        assert same_response(request("GET", "/"), servers[0]) == Expected(200, b"one")


def test_rotates_the_first_competitor_when_measuring_in_rounds() -> None:
    order: list[str] = []

    def turn(name: str) -> Load:
        order.append(name)
        return Load(len(order), [])

    loads = run_alternately(RunOptions(rounds=2), {name: partial(turn, name) for name in "ab"})
    assert order == ["a", "b", "a", "b", "b", "a"]
    assert [one.requests_per_second for one in loads["a"]] == [3, 6]


def test_states_the_median_of_the_ratios_of_each_round() -> None:
    result = ratio(
        "x", [1, 4, 3], [2, 4, 4], target=Target(relation=">=", value=0.8), baseline_unit="requests/s"
    )
    assert (result.value, result.spread, result.baseline, result.met) == (0.75, (0.5, 1.0), 4, False)


def test_writes_what_is_met_and_what_has_no_target(tmp_path: Path) -> None:
    results = [
        measured("memory", [3.0], unit="MiB", target=Target(relation="<=", value=32)),
        measured("rows", [7.0, 9.0], unit="rows"),
    ]
    write(results, tmp_path / "reports/bench.json")
    rows = json.loads((tmp_path / "reports/bench.json").read_text())
    assert [(row["name"], row["value"], row["target"], row["met"], row["spread"]) for row in rows] == [
        ("memory", 3.0, "<= 32", True, [3.0, 3.0]),
        ("rows", 8.0, None, None, [7.0, 9.0]),
    ]
    assert {"name", "value", "unit", "target", "met", "floor", "spread"} < rows[0].keys()


@pytest.mark.parametrize(
    ("target", "now", "is_reported"),
    [(">= 2", 2.5, True), (">= 2", 2.8, False), ("<= 2", 3.5, True), ("<= 2", 2.5, False)],
)
def test_reports_a_value_when_it_is_worse_by_its_spread(
    target: str, now: float, is_reported: bool, tmp_path: Path
) -> None:
    before = {"name": "x", "value": 3.0, "unit": "ratio", "target": target, "spread": (2.8, 3.1)}
    assert compare_with_last_run([before], tmp_path / "history.json", share=1) == []

    worse = compare_with_last_run([before | {"value": now}], tmp_path / "history.json", share=1)

    assert worse == ([f"x: {now} ratio. It was 3."] if is_reported else [])


def test_compares_nothing_when_the_share_of_the_data_differs(tmp_path: Path) -> None:
    row = {"name": "x", "value": 3.0, "unit": "ratio", "target": ">= 2", "spread": (3.0, 3.0)}
    compare_with_last_run([row], tmp_path / "history.json", share=1)

    assert compare_with_last_run([row | {"value": 1.0}], tmp_path / "history.json", share=0.1) == []


def test_keeps_the_last_hundred_runs(tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    for number in range(LONGEST_HISTORY + 1):
        compare_with_last_run([{"name": str(number)}], history, share=1)

    kept = json.loads(history.read_text(encoding="utf-8"))

    assert [run["rows"][0]["name"] for run in kept] == [str(number) for number in range(1, 101)]


@pytest.fixture
def data(fresh_migration_url: str) -> Data:
    """A few rows of each kind in the test's database."""
    fill(fresh_migration_url, SMALL)
    return Data(fresh_migration_url, {})


@asynccontextmanager
async def _client(app: ASGIApp) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("baseline", ["bare_fastapi", "synchronous_orm"])
async def test_gives_the_bytes_of_the_application(
    baseline: str, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", data.url)
    monkeypatch.setenv("PAU2_CURSOR_SECRET", CURSOR_KEY)
    settings = Settings(environment=Environment.TEST)
    module = reload(import_module(f"benchmarks.baselines.{baseline}"))
    paths = {f"{NEWS}?limit=20": {}, ME: authorized(data.token(1))}
    if baseline == "synchronous_orm":
        del paths[ME]
    ours = create_app(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(ours.router.lifespan_context(ours))
        await stack.enter_async_context(module.app.router.lifespan_context(module.app))
        clients = [await stack.enter_async_context(_client(app)) for app in (ours, module.app)]
        for path, headers in paths.items():
            responses = [await client.get(path, headers=headers) for client in clients]
            assert responses[0].status_code == 200
            assert responses[1].content == responses[0].content
