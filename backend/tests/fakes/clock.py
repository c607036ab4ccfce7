"""A clock that only tests advance."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Returns the same time until a test advances it."""

    def __init__(self, at: datetime = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by
