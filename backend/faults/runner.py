"""The run of one fault under load, and the comparison of its promises with the data."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from faults.clients import Clients
from faults.data import Data
from faults.journal import TIMED_OUT, Journal, broken_promises, wrong_mails
from faults.mailbox import Mailbox
from faults.results import Result
from faults.service import Service

STEADY_WRITES = 20
"""Writes that must have gone well before the fault."""
RECOVERY_TIMEOUT = 60.0
MAIL_TIMEOUT = 90.0
POLL_INTERVAL = 0.05


class NotTriedError(Exception):
    """The fault cannot be made on this machine. The message says why."""


@dataclass
class Scene:
    """The running service of a fault.

    The fault adds a sentence to `broken` for each broken promise that it observes.
    """

    service: Service
    data: Data
    mailbox: Mailbox
    journal: Journal
    clients: Clients
    broken: list[str] = field(default_factory=list)
    may_time_out: bool = False
    """True when a stopped process may leave a request without an answer for ANSWER_TIMEOUT."""

    async def more_writes(self, number: int) -> None:
        """Wait until `number` more writes were answered with 2xx."""
        wanted = self.journal.promised() + number
        deadline = time.monotonic() + RECOVERY_TIMEOUT
        while time.monotonic() < deadline:
            if self.journal.promised() >= wanted:
                return
            await asyncio.sleep(POLL_INTERVAL)

    def expect_refusals(self) -> None:
        """Note a promise as broken, or the fault as none, unless some clients got 503."""
        self.expect(bool(self.journal.answers["503"]), "no client was told that the service is unavailable")

    def expect(self, holds: bool, promise: str) -> None:
        """Note a promise as broken unless it holds."""
        if not holds:
            self.broken.append(promise)


Fault = Callable[[Scene], Awaitable[None]]
"""Makes the fault and ends it: when it returns, the service could work again."""


async def run_fault(name: str, fault: Fault, service: Service, data: Data, mailbox: Mailbox) -> Result:
    """Run a fault while clients work; the service recovers before this returns, or a promise is broken."""
    journal = Journal()
    clients = Clients(service.apis, data, journal)
    scene = Scene(service, data, mailbox, journal, clients)
    try:
        async with clients.working():
            await scene.more_writes(STEADY_WRITES)
            await fault(scene)
            recovery = await _recovery(scene)
    except NotTriedError as error:
        return Result(name, not_tried=str(error))
    kept = await asyncio.to_thread(data.kept)
    scene.broken += broken_promises(scene.journal, kept)
    scene.broken += await _mail_promises(scene)
    scene.expect(recovery is not None, f"no recovery within {RECOVERY_TIMEOUT:.0f} s")
    scene.expect(not await asyncio.to_thread(data.lost_ballots), "participations and ballots differ")
    hangs = scene.journal.answers[TIMED_OUT]
    scene.expect(scene.may_time_out or not hangs, f"{hangs} requests hung")
    return Result(
        name,
        recovery=recovery,
        promised=scene.journal.promised(),
        answers=dict(scene.journal.answers),
        slowest=scene.journal.slowest,
        broken=scene.broken,
    )


async def _recovery(scene: Scene) -> float | None:
    """Return the seconds until each API process has answered a request with 2xx that began after now."""
    ended = time.monotonic()
    while time.monotonic() < ended + RECOVERY_TIMEOUT:
        since = [scene.journal.successes.get(api.port, 0) for api in scene.service.apis]
        if min(since) > ended:
            return max(since) - ended
        await asyncio.sleep(POLL_INTERVAL)
    return None


async def _mail_promises(scene: Scene) -> list[str]:
    """Return the broken promises about mails, as soon as there are none or the time is over."""
    deadline = time.monotonic() + MAIL_TIMEOUT
    while True:
        broken = list(wrong_mails(scene.journal, scene.mailbox.ids))
        if not broken or time.monotonic() > deadline:
            return broken
        await asyncio.sleep(POLL_INTERVAL * 10)
