"""Rate limits in memory."""

from collections.abc import Iterable
from datetime import datetime

from app.domain.rate_limits import LOGIN_LIMIT, RateLimit, RateLimitCount, RateLimitKey


class InMemoryRateLimiter:
    def __init__(self, rows: dict[RateLimitKey, RateLimitCount]) -> None:
        self._rows = rows

    async def hit(
        self, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit = LOGIN_LIMIT
    ) -> list[RateLimitCount]:
        return self._add(1, keys, at=at, limit=limit)

    async def undo_hit(
        self, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit = LOGIN_LIMIT
    ) -> list[RateLimitCount]:
        return self._add(-1, keys, at=at, limit=limit)

    def _add(
        self, number: int, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit
    ) -> list[RateLimitCount]:
        counts = []
        for key in keys:
            count = self._rows.get(key)
            if count is None or count.window_ends_at <= at:
                count = RateLimitCount(0, at + limit.window)
            self._rows[key] = RateLimitCount(max(count.hits + number, 0), count.window_ends_at)
            counts.append(self._rows[key])
        return counts

    async def clear(self, key: RateLimitKey) -> None:
        self._rows.pop(key, None)

    async def remove_ended(self, *, before: datetime) -> None:
        for key in [key for key, count in self._rows.items() if count.window_ends_at < before]:
            del self._rows[key]
