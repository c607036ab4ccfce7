"""Clients that write and read without a pause, and note each answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from uuid import uuid4

import httpx

from faults.data import ADMIN, SURVEY, Data, authorization, member_id
from faults.journal import NO_ANSWER, TIMED_OUT, Entry, Journal
from faults.service import Process

API = "/api/v1"
ANSWER_TIMEOUT = 15.0
"""Longer than the service may take: 3 s for a connection, and 5 s for each statement of a short request."""
RETRY_TIMEOUT = 40.0
RETRY_PAUSE = 0.1
PAUSE = 0.05
"""Between the requests of a client: the load is steady, and leaves the processor time for the fault."""
INVITATION_PAUSE = 0.5
"""Between invitations: the worker has to send a mail for each, and is measured until the last one came."""
RETRIED = frozenset({429, 503})
EVENT = {
    "starts_at": "2027-07-02T22:00:00+02:00",
    "ends_at": "2027-07-03T00:30:00+02:00",
    "location": "Plaza Mayor",
    "organizer": "Culture group",
    "audience": "PUBLIC",
}

Request = tuple[str, str, dict[str, str], object]
"""Method, path, headers, and the body as JSON or None."""


@dataclass
class Clients:
    """The clients of one fault. A write that fails is tried again with the same key at the other process."""

    apis: Sequence[Process]
    data: Data
    journal: Journal
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    numbers: Iterator[int] = field(default_factory=count)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    skew: int = 0
    """Seconds by which the clock is moved that issues the clients' tokens."""

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Write and read in the background; at the end, wait for requests in progress."""
        work: list[Callable[[], Request | tuple[Entry, Request]]] = [
            self.event,
            self.event,
            self.invitation,
            self.response,
            self.response,
            self.list_of_news,
            self.list_of_news,
            self.own_member,
        ]
        tasks = [asyncio.create_task(self.repeat(each, first)) for first, each in enumerate(work)]
        try:
            yield
        finally:
            self.stopping.set()
            await asyncio.gather(*tasks)

    def authorization(self, number: int) -> dict[str, str]:
        """Return the header of a member's request."""
        return authorization(number, skew=self.skew)

    def event(self) -> tuple[Entry, Request]:
        """Create an event."""
        title = f"Fault {self.run} {next(self.numbers)}"
        headers = self.authorization(ADMIN) | {"Idempotency-Key": str(uuid4())}
        return self.journal.open("event", title), ("POST", f"{API}/events", headers, EVENT | {"title": title})

    def invitation(self) -> tuple[Entry, Request]:
        """Invite a member, which sends a mail."""
        email = f"fault-{self.run}-{next(self.numbers)}@pau2.example"
        headers = self.authorization(ADMIN) | {"Idempotency-Key": str(uuid4())}
        body = {"email": email, "full_name": "Marta Prueba"}
        return self.journal.open("invitation", email), ("POST", f"{API}/members", headers, body)

    def response(self) -> tuple[Entry, Request]:
        """Answer the consultation, as a member who has not."""
        number = next(self.data.voters)
        headers = self.authorization(number) | {"Idempotency-Key": str(uuid4())}
        path = f"{API}/consultations/{self.data.consultation}/responses"
        entry = self.journal.open("response", member_id(number))
        return entry, ("POST", path, headers, {"answers": self.data.answers})

    def list_of_news(self) -> Request:
        """Read the first page of news without logging in."""
        return "GET", f"{API}/news?limit=20", {}, None

    def own_member(self) -> Request:
        """Read one's own profile."""
        return "GET", f"{API}/members/me", self.authorization(ADMIN), None

    async def repeat(self, make: Callable[[], Request | tuple[Entry, Request]], first: int) -> None:
        """Make requests until the clients stop; each begins at the other process."""
        starts = cycle(self.apis[(first + offset) % len(self.apis)] for offset in range(len(self.apis)))
        async with httpx.AsyncClient(timeout=ANSWER_TIMEOUT, trust_env=False) as client:
            while not self.stopping.is_set():
                made = make()
                if isinstance(made[0], Entry):
                    await self.write(client, next(starts), *made)
                else:
                    await self.send(client, next(starts), made)
                await asyncio.sleep(INVITATION_PAUSE if make == self.invitation else PAUSE)

    async def write(self, client: httpx.AsyncClient, api: Process, entry: Entry, request: Request) -> None:
        """Send a request until its response is final, for at most RETRY_TIMEOUT seconds."""
        deadline = time.monotonic() + RETRY_TIMEOUT
        while time.monotonic() < deadline:
            status = await self.send(client, api, request)
            if status is not None:
                entry.status = status
            if status is not None and status not in RETRIED:
                return
            api = self.apis[1 - self.apis.index(api)]
            await asyncio.sleep(RETRY_PAUSE)

    async def send(self, client: httpx.AsyncClient, api: Process, request: Request) -> int | None:
        """Send a request once; return the status of the answer, None without one."""
        method, path, headers, body = request
        started = time.monotonic()
        try:
            url = f"http://127.0.0.1:{api.port}{path}"
            response = await client.request(method, url, headers=headers, json=body)
        except httpx.ReadTimeout:
            self.journal.answers[TIMED_OUT] += 1
            return None
        except httpx.TransportError:
            self.journal.answers[NO_ANSWER] += 1
            return None
        self.journal.answered(api.port, response.status_code, started=started, ended=time.monotonic())
        return response.status_code


async def open_survey(api: Process, data: Data) -> None:
    """Make the consultation that clients answer, and open it."""
    base = f"http://127.0.0.1:{api.port}{API}/consultations"
    async with httpx.AsyncClient(headers=authorization(ADMIN), trust_env=False) as client:
        made = (await client.post(base, json=SURVEY)).raise_for_status().json()
        opened = await client.post(f"{base}/{made['id']}/open")
        question = opened.raise_for_status().json()["questions"][0]
    data.consultation = made["id"]
    data.answers = [{"question_id": question["id"], "option_ids": [question["options"][0]["id"]]}]
