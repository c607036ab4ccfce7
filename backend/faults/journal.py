"""The journal of requests and responses, compared with the data of the service."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from httpx import codes

NO_ANSWER = "no answer"
TIMED_OUT = "timed out"


@dataclass
class Entry:
    """One thing that a client wanted to happen once. `status` is the last answer, None if there was none."""

    kind: str
    key: str
    status: int | None = None

    @property
    def is_promised(self) -> bool:
        return self.status is not None and codes.is_success(self.status)


@dataclass
class Journal:
    """The entries of all clients, how often each answer came, and when each process last succeeded."""

    entries: list[Entry] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    successes: dict[int, float] = field(default_factory=dict)
    """Port → when the last request began that this process answered with 2xx."""
    slowest: float = 0
    """Seconds of the slowest answer."""

    def open(self, kind: str, key: str) -> Entry:
        entry = Entry(kind, key)
        self.entries.append(entry)
        return entry

    def answered(self, port: int, status: int, *, started: float, ended: float) -> None:
        """Note an answer of the process at this port."""
        self.answers[str(status)] += 1
        self.slowest = max(self.slowest, ended - started)
        if codes.is_success(status):
            self.successes[port] = max(started, self.successes.get(port, 0))

    def promised(self, kind: str = "") -> int:
        """Return how many entries, of one kind or of all, were answered with 2xx."""
        return sum(entry.is_promised and kind in {"", entry.kind} for entry in self.entries)


def broken_promises(journal: Journal, kept: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield each way in which the service broke its word. `kept` has, by kind, how often each key is there.

    A promised entry must be there once. Without an answer, or after an error, it may be there once or not.
    """
    for entry in journal.entries:
        count = kept[entry.kind][entry.key]
        if count > 1:
            yield f"{entry.kind} {entry.key} is there {count} times"
        elif entry.is_promised and not count:
            yield f"{entry.kind} {entry.key} was answered with {entry.status} and is not there"
    for status, count in journal.answers.items():
        if status.isdigit() and codes.is_server_error(int(status)) and status != "503":
            yield f"{count} requests were answered with {status}"


def wrong_mails(journal: Journal, mails: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield each invitation whose mail is missing or differs. `mails` has the Message-IDs by recipient.

    A worker that dies between sending and noting it sends once more, with the same Message-ID.
    """
    for entry in journal.entries:
        if entry.kind != "invitation":
            continue
        ids = mails.get(entry.key, [])
        if entry.is_promised and not ids:
            yield f"{entry.key} was invited and got no mail"
        elif len(set(ids)) > 1:
            yield f"{entry.key} got {len(set(ids))} different mails"
