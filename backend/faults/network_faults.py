"""Lost answers, clients that hang up, broken exports, absent mail servers and wrong clocks."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import httpx

from faults.clients import API, EVENT
from faults.data import ADMIN, authorization
from faults.runner import Scene
from faults.service import Process

LOST_ANSWERS = 20
HANGING_UP = 1_000
AT_ONCE = 100
AWAY = 8.0
"""Seconds without a mail server."""
SKEW = 300


async def lost_answers(scene: Scene) -> None:
    """The connection breaks between the commit and the answer; the client asks again with the same key."""
    for number in range(LOST_ANSWERS):
        api = scene.service.apis[number % 2]
        title = f"Lost answer {uuid4().hex[:8]}"
        entry = scene.journal.open("event", title)
        headers = authorization(ADMIN) | {"Idempotency-Key": str(uuid4())}
        async with _losing_answers(api) as port:
            first = await _create_event(port, title, headers)
            scene.expect(first is None, "the answer was not lost")
        entry.status = await _create_event(api.port, title, headers)
        scene.expect(entry.status == httpx.codes.CREATED, f"the second try was answered with {entry.status}")


async def hang_ups(scene: Scene) -> None:
    """A thousand clients ask for a list and close the connection before the answer."""
    request = f"GET {API}/news?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    async def hang_up(api: Process) -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(request)
            await writer.drain()
            writer.transport.abort()

    for _ in range(HANGING_UP // AT_ONCE):
        await asyncio.gather(*(hang_up(scene.service.apis[number % 2]) for number in range(AT_ONCE)))


async def broken_exports(scene: Scene) -> None:
    """Exports break off when PostgreSQL or the API dies, and the reader can tell that they did."""
    first, second = scene.service.apis
    complete = await _looks_complete(first, scene.service.kill_database)
    scene.expect(not complete, "an export looked complete after PostgreSQL had died")
    await asyncio.to_thread(scene.service.start_database)
    await scene.more_writes(5)
    complete = await _looks_complete(second, second.kill)
    scene.expect(not complete, "an export looked complete after the API had died")
    await asyncio.to_thread(second.start)


async def no_mail_server(scene: Scene) -> None:
    """The mail server refuses connections for a while; members can be invited all the same."""
    await scene.mailbox.stop()
    await _invitations_go_on(scene)
    await scene.mailbox.start()


async def silent_mail_server(scene: Scene) -> None:
    """The mail server accepts connections and says nothing; members can be invited all the same."""
    await scene.mailbox.stop()
    await scene.mailbox.start_silent()
    await _invitations_go_on(scene)
    await scene.mailbox.stop()
    await scene.mailbox.start()


async def fast_clocks(scene: Scene) -> None:
    """The clocks of all processes are five minutes ahead of the database's."""
    await _move_clocks(scene, SKEW)


async def slow_clocks(scene: Scene) -> None:
    """The clocks of all processes are five minutes behind the database's."""
    await _move_clocks(scene, -SKEW)


async def _move_clocks(scene: Scene, seconds: int) -> None:
    scene.clients.skew = min(seconds, 0)  # valid by both clocks
    await _restart_with_clocks(scene, seconds)
    await scene.more_writes(20)
    await _restart_with_clocks(scene, 0)
    scene.clients.skew = 0


async def _restart_with_clocks(scene: Scene, seconds: int) -> None:
    for process in [*scene.service.apis, scene.service.worker]:
        process.skew = seconds
        await asyncio.to_thread(process.restart)


async def _invitations_go_on(scene: Scene) -> None:
    before = scene.journal.promised("invitation")
    await asyncio.sleep(AWAY)
    scene.expect(scene.journal.promised("invitation") > before, "members could not be invited")


async def _create_event(port: int, title: str, headers: dict[str, str]) -> int | None:
    async with httpx.AsyncClient(headers=headers, timeout=15, trust_env=False) as client:
        try:
            response = await client.post(
                f"http://127.0.0.1:{port}{API}/events", json=EVENT | {"title": title}
            )
        except httpx.TransportError:
            return None
    return response.status_code


@asynccontextmanager
async def _losing_answers(api: Process) -> AsyncIterator[int]:
    """Yield a port that passes requests on, and closes the connection when the answer begins."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", api.port)
        sending = asyncio.create_task(_copy(reader, requests))
        await answers.read(1)
        sending.cancel()
        requests.close()
        writer.transport.abort()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()


async def _looks_complete(api: Process, die: Callable[[], object]) -> bool:
    """Begin an export and let something die after its first bytes; return whether its end looks regular."""
    small_window = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    transport = httpx.AsyncHTTPTransport(socket_options=small_window)
    url = f"http://127.0.0.1:{api.port}{API}/exports/members?format=json"
    async with (
        httpx.AsyncClient(headers=authorization(ADMIN), timeout=30, transport=transport) as client,
        client.stream("GET", url) as response,
    ):
        pieces = response.aiter_raw(1024)
        await anext(pieces)
        await asyncio.to_thread(die)
        try:
            async for _ in pieces:
                pass
        except httpx.TransportError:
            return False
    return True
