"""Readiness and load of the running service, for operators and their monitoring."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SystemLoad:
    """`connections_in_use` are this process's; `jobs` is None while the database is away."""

    connections_in_use: int
    jobs: "JobCounts | None"


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`failed`: given up, and kept for the operator to see."""

    waiting: int
    failed: int


class LoadGauge(Protocol):
    async def measure(self) -> SystemLoad:
        """Measure within a second, whatever the database does."""
        ...


class Readiness(Protocol):
    async def check(self) -> None:
        """Raises UnavailableError, within a second, unless the database answers and its schema fits."""
        ...
