"""The audit log at the boundary."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.application.audit_queries import AuditFilter, AuditSort
from app.presentation.http.pagination import PageOf, PageParams
from app.presentation.http.schemas.base import Instant, Text, View


class AuditEntryRead(View):
    """An entry has identifiers only. The resources that they identify may be deleted."""

    id: UUID
    at: datetime
    action: str = Field(examples=["members:edit"])
    actor_id: UUID | None = Field(description="The member who did it; null if nobody was logged in.")
    subject_id: UUID | None = Field(description="The affected resource, if there is exactly one.")


class AuditPage(PageOf[AuditEntryRead]):
    """A page of the audit log."""


class AuditListParams(PageParams):
    action: Annotated[Text, Field(max_length=64)] | None = Field(None, examples=["auth:log-in-failed"])
    actor_id: UUID | None = None
    since: Instant | None = Field(None, alias="from", description="At this instant or later.")
    until: Instant | None = Field(None, alias="to", description="Before this instant.")
    sort: AuditSort = Field(AuditSort.NEWEST, description="`-` before a name: descending.")

    def to_filter(self) -> AuditFilter:
        return AuditFilter(action=self.action, actor_id=self.actor_id, since=self.since, until=self.until)
