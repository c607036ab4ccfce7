"""Processes that are killed, stopped, or started again under load."""

import asyncio
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

from faults.runner import Scene

FROZEN = 8.0
"""Seconds of SIGSTOP: more than every limit of a request."""
FROZEN_API = 17.0
"""Longer than a transaction may be idle before the server ends it (15 s)."""
KILLS = 8
RESTARTS = 10


async def killed_server(scene: Scene) -> None:
    """SIGKILL ends all processes of PostgreSQL together, and PostgreSQL is started again."""
    await asyncio.to_thread(scene.service.kill_database)
    await asyncio.to_thread(scene.service.start_database)


async def killed_api(scene: Scene) -> None:
    """One API process dies and is started again, many times, so that some answers are lost after a commit."""
    for number in range(KILLS):
        api = scene.service.apis[number % 2]
        await asyncio.to_thread(api.kill)
        await asyncio.to_thread(api.start)
        await scene.more_writes(2)


async def killed_worker(scene: Scene) -> None:
    """The worker dies while it sends mails, and another one takes its jobs."""
    for _ in range(3):
        await scene.more_writes(10)
        await asyncio.to_thread(scene.service.worker.kill)
        await asyncio.to_thread(scene.service.worker.start)


async def frozen_server(scene: Scene) -> None:
    """PostgreSQL stops answering: clients get 503 in bounded time and do not hang."""
    with _stopped(scene.service.database_processes()):
        await asyncio.sleep(FROZEN)
    scene.expect_refusals()


async def slow_server(scene: Scene) -> None:
    """PostgreSQL gets one twentieth of its time."""
    for _ in range(20):
        with _stopped(scene.service.database_processes()):
            await asyncio.sleep(0.38)
        await asyncio.sleep(0.02)


async def frozen_api(scene: Scene) -> None:
    """One API process stops in the middle of transactions.

    The server ends those, and the other process continues.
    """
    scene.may_time_out = True
    with _stopped([scene.service.apis[0].running]):
        await asyncio.sleep(FROZEN_API)
        before = scene.journal.successes.get(scene.service.apis[1].port, 0)
        await scene.more_writes(5)
        after = scene.journal.successes.get(scene.service.apis[1].port, 0)
        scene.expect(after > before, "the other process did not go on")


async def restarts(scene: Scene) -> None:
    """Ten releases: each process is asked to end, finishes its requests, and is started again."""
    answered_before = scene.journal.answers["503"]
    for number in range(RESTARTS):
        await asyncio.to_thread(scene.service.apis[number % 2].restart)
        await scene.more_writes(3)
    refused = scene.journal.answers["503"] - answered_before
    scene.expect(not refused, f"{refused} requests were answered with 503 during orderly restarts")


async def two_workers(scene: Scene) -> None:
    """Two workers share the jobs: each mail is sent once."""
    second = scene.service.new_worker("worker-2")
    await asyncio.to_thread(second.start)
    try:
        await scene.more_writes(60)
    finally:
        await asyncio.to_thread(second.stop)
    doubles = [to for to, ids in scene.mailbox.ids.items() if len(ids) > 1 and _is_of(scene, to)]
    scene.expect(not doubles, f"{len(doubles)} mails were sent twice")


def _is_of(scene: Scene, recipient: str) -> bool:
    return any(entry.key == recipient for entry in scene.journal.entries)


@contextmanager
def _stopped(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """Stop processes with SIGSTOP meanwhile."""
    found = list(processes)
    _send(found, signal.SIGSTOP)
    try:
        yield
    finally:
        _send(found, signal.SIGCONT)


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
