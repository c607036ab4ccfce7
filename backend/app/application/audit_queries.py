"""Reads of the audit log."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.paging import Page, PageRequest


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Each given field must match exactly; `since` is included, `until` is not."""

    action: str | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditSort(StrEnum):
    NEWEST = "-at"
    OLDEST = "at"


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    id: UUID
    at: datetime
    action: str
    actor_id: UUID | None
    subject_id: UUID | None


class AuditQueries(Protocol):
    async def list_entries(self, *, where: AuditFilter, page: PageRequest) -> Page[AuditEntryView]: ...
