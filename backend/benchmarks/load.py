"""A load generator: clients that each send the next request when they have received a response.

It checks every response, since a server that responds with an error is fast.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from statistics import quantiles
from typing import cast

CLIENTS = 16
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"


class UnexpectedResponseError(Exception):
    """A server sent another response than expected, so its speed means nothing."""


@dataclass(frozen=True)
class Expected:
    """The response that a server must send. `body` is None if every response has another one."""

    status: int
    body: bytes | None = None


@dataclass(frozen=True)
class Load:
    """The result of a load: requests per second, and the latency of each request in seconds."""

    requests_per_second: float
    latencies: list[float]

    @property
    def p99(self) -> float:
        """The latency in seconds that one request in a hundred exceeds."""
        return quantiles(self.latencies, n=100)[98]


@dataclass(frozen=True)
class Response:
    """A parsed response."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value. Raises UnexpectedResponseError when it is missing."""
        found = re.search(rf"\r\n{name}: ([^\r]*)\r\n".encode(), self.head, re.IGNORECASE)
        if found is None:
            raise UnexpectedResponseError(f"the response has no {name}")
        return found[1].decode("latin-1")


def request(method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return the bytes of a request for a persistent connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_request(port: int, message: bytes) -> Response:
    """Send one request and return the response."""
    responses: list[Response] = []
    asyncio.run(_run(port, iter([message]), responses.append, [], clients=1))
    return responses[0]


def load(
    port: int,
    messages: bytes | Iterator[bytes],
    expected: Expected,
    *,
    seconds: float,
    clients: int = CLIENTS,
) -> Load:
    """Send requests for some seconds, or until there are no more. Raises UnexpectedResponseError."""
    latencies: list[float] = []

    def check(response: Response) -> None:
        if response.status != expected.status:
            raise UnexpectedResponseError(
                f"{response.status} instead of {expected.status}: {response.body[:500]!r}"
            )
        if expected.body is not None and response.body != expected.body:
            raise UnexpectedResponseError(f"{response.body[:500]!r} instead of {expected.body[:500]!r}")

    source = repeat(messages) if isinstance(messages, bytes) else messages
    start = time.perf_counter()
    asyncio.run(_run(port, _until(start + seconds, source), check, latencies, clients=clients))
    return Load(len(latencies) / (time.perf_counter() - start), latencies)


def _until(end: float, messages: Iterator[bytes]) -> Iterator[bytes]:
    for message in messages:
        if time.perf_counter() > end:
            return
        yield message


async def _run(
    port: int,
    messages: Iterator[bytes],
    check: Callable[[Response], None],
    latencies: list[float],
    *,
    clients: int,
) -> None:
    loop = asyncio.get_running_loop()
    protocols = [_Client(messages, check, latencies, loop.create_future()) for _ in range(clients)]
    for protocol in protocols:
        await loop.create_connection(partial(_get_protocol, protocol), "127.0.0.1", port)
    await asyncio.gather(*(protocol.done for protocol in protocols))


def _get_protocol(protocol: "_Client") -> "_Client":
    """Return the protocol, as the factory that `create_connection` takes."""
    return protocol


@dataclass
class _Client(asyncio.Protocol):
    """One connection. It sends the next request when the response to the previous one is complete."""

    messages: Iterator[bytes]
    check: Callable[[Response], None]
    latencies: list[float]
    done: asyncio.Future[None]
    buffer: bytes = b""
    sent_at: float = 0.0
    transport: asyncio.Transport = field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(HEAD_END)
        if not found:
            return
        length = CONTENT_LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        if len(rest) < size:
            return
        self.latencies.append(time.perf_counter() - self.sent_at)
        self.buffer = b""
        try:
            self.check(Response(int(head[9:12]), head + b"\r\n", rest))
        except UnexpectedResponseError as error:
            self._end(error)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or UnexpectedResponseError("the server closed a connection"))

    def _send(self) -> None:
        message = next(self.messages, None)
        if message is None:
            self._end(None)
            return
        self.sent_at = time.perf_counter()
        self.transport.write(message)

    def _end(self, error: Exception | None) -> None:
        if not self.done.done():
            if error:
                self.done.set_exception(error)
            else:
                self.done.set_result(None)
        self.transport.close()
