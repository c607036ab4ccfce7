"""Counters of attempts in memory."""

from collections.abc import Iterable
from datetime import datetime

from app.domain.login_attempts import LOG_INS, AttemptCount, AttemptKey, Limit


class InMemoryLoginAttemptCounters:
    def __init__(self, rows: dict[AttemptKey, AttemptCount]) -> None:
        self._rows = rows

    async def add(
        self, number: int, keys: Iterable[AttemptKey], *, at: datetime, limit: Limit = LOG_INS
    ) -> list[AttemptCount]:
        counts = []
        for key in keys:
            count = self._rows.get(key)
            if count is None or count.window_ends_at <= at:
                count = AttemptCount(0, at + limit.window)
            self._rows[key] = AttemptCount(max(count.attempts + number, 0), count.window_ends_at)
            counts.append(self._rows[key])
        return counts

    async def forget(self, key: AttemptKey) -> None:
        self._rows.pop(key, None)

    async def remove_ended(self, *, before: datetime) -> None:
        for key in [key for key, count in self._rows.items() if count.window_ends_at < before]:
            del self._rows[key]
