"""Readiness and load of the running service, for operators and their monitoring."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SystemLoad:
    """`connections_in_use` counts this process's; `jobs` is None while the database is unavailable."""

    connections_in_use: int
    jobs: "JobCounts | None"


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`failed` jobs are not retried, and are kept for the operator."""

    waiting: int
    failed: int


class LoadGauge(Protocol):
    async def measure(self) -> SystemLoad:
        """Return the load within a second, even if the database does not respond."""
        ...


class Readiness(Protocol):
    async def check(self) -> None:
        """Raise UnavailableError within a second unless the database responds and its schema fits."""
        ...
