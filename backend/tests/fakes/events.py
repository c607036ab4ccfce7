"""Events in memory."""

from uuid import UUID

from app.domain.events import Event, EventId, EventNotFoundError


class InMemoryEventRepository:
    def __init__(self, rows: dict[UUID, Event]) -> None:
        self._rows = rows

    def add(self, event: Event) -> None:
        self._rows[event.id] = event

    async def get(self, id: EventId) -> Event:
        if id not in self._rows:
            raise EventNotFoundError
        return self._rows[id]

    async def remove(self, event: Event) -> None:
        del self._rows[event.id]
