"""Requests in the background, with a journal of their outcomes."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from uuid import uuid4

import httpx

from devtools.production.website import PREFIX, create_article, log_in

PAUSE_SECONDS = 0.05
"""Between two requests of a client."""
WRITERS = 2
READERS = 2


@dataclass
class Journal:
    """The titles that were promised with 2xx, and the requests that failed."""

    promised: list[str] = field(default_factory=list)
    reads: int = 0
    failures: list[str] = field(default_factory=list)

    def problems(self, stored: Iterable[str]) -> Iterator[str]:
        """Every request succeeded, there were some of each kind, and what was promised is there once."""
        yield from self.failures
        if not (self.promised and self.reads):
            yield "the clients made no requests"
        counts = Counter(stored)
        for title in self.promised:
            if counts[title] != 1:
                yield f"article {title!r} was answered with 2xx and is there {counts[title]} times"


@contextmanager
def traffic(new_client: Callable[[], httpx.Client]) -> Iterator[Journal]:
    """Write and read with several clients until the block ends; yield the journal."""
    journal, stopping = Journal(), Event()
    clients = [
        *(Thread(target=_write, args=(new_client, journal, stopping)) for _ in range(WRITERS)),
        *(Thread(target=_read, args=(new_client, journal, stopping)) for _ in range(READERS)),
    ]
    for client in clients:
        client.start()
    try:
        yield journal
    finally:
        stopping.set()
        for client in clients:
            client.join()


def _write(new_client: Callable[[], httpx.Client], journal: Journal, stopping: Event) -> None:
    """Create articles. A client that cannot log in notes it, and ends."""
    with new_client() as client:
        try:
            log_in(client)
        except httpx.HTTPError as error:
            journal.failures.append(f"log in: {error!r}")
            return
        run = uuid4().hex[:8]
        for number in itertools.count():
            title = f"Traffic {run} {number}"
            if _succeeds(journal, partial(create_article, client, title)):
                journal.promised.append(title)
            if stopping.wait(PAUSE_SECONDS):
                return


def _read(new_client: Callable[[], httpx.Client], journal: Journal, stopping: Event) -> None:
    """Read the first page of news without logging in."""
    with new_client() as client:
        while True:
            journal.reads += _succeeds(journal, partial(client.get, f"{PREFIX}/api/v1/news"))
            if stopping.wait(PAUSE_SECONDS):
                return


def _succeeds(journal: Journal, request: Callable[[], httpx.Response]) -> bool:
    """Return whether the response is 2xx; note any other outcome."""
    try:
        response = request()
    except httpx.TransportError as error:
        journal.failures.append(repr(error))
        return False
    if not response.is_success:
        what = f"{response.request.method} {response.url.path}"
        journal.failures.append(f"{what} was answered with {response.status_code}: {response.text}")
    return response.is_success
