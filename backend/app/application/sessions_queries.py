"""Reads of the actor's own sessions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.access import Actor
from app.application.paging import Page, PageRequest


@dataclass(frozen=True, slots=True)
class SessionView:
    """`current`: whether it is the session of this request."""

    id: UUID
    client_name: str | None
    authenticated_at: datetime
    rotated_at: datetime
    expires_at: datetime
    current: bool


class SessionSort(StrEnum):
    NEWEST = "-authenticated_at"
    OLDEST = "authenticated_at"


class SessionQueries(Protocol):
    async def list_sessions(self, *, actor: Actor, page: PageRequest) -> Page[SessionView]:
        """The actor's sessions that can still be refreshed."""
        ...
