"""The audit log: who did what, when. Entries are only ever added."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol, Self
from uuid import UUID

from app.domain.identifiers import uuid7
from app.domain.members import MemberId

AuditEntryId = NewType("AuditEntryId", UUID)


@dataclass(eq=False, kw_only=True)
class AuditEntry:
    """One act. It holds identifiers only, so that erasing a member needs no edit here.

    `actor_id` is None when nobody was logged in; `subject_id` is what was acted upon.
    """

    id: AuditEntryId
    at: datetime
    action: str
    actor_id: MemberId | None
    subject_id: UUID | None

    @classmethod
    def create(
        cls,
        *,
        action: str,
        at: datetime,
        actor_id: MemberId | None = None,
        subject_id: UUID | None = None,
    ) -> Self:
        return cls(
            id=AuditEntryId(uuid7(at)),
            at=at,
            action=action,
            actor_id=actor_id,
            subject_id=subject_id,
        )


class AuditLog(Protocol):
    def add(self, entry: AuditEntry) -> None: ...
