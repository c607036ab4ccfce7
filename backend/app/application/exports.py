"""Exports: everything that a list shows its reader, in one consistent file."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.access import Action, Actor, authorize
from app.application.queries import MemberFilter, NewsFilter, NewsVisibility
from app.domain.audit import AuditEntry
from app.domain.ports import Clock, UnitOfWork

Row = Sequence[object]


@dataclass(frozen=True)
class Rows:
    """A table to be read once, some hundred rows at a time, so that its size does not matter."""

    columns: tuple[str, ...]
    batches: AsyncIterator[Sequence[Row]]


class ExportSource(Protocol):
    """Each reads one snapshot of the database, which it opens at the first row."""

    def news(self, *, where: NewsFilter, visible: NewsVisibility) -> Rows: ...
    def members(self, *, where: MemberFilter) -> Rows: ...
    def responses(self, id: UUID) -> Rows: ...


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


class Encoder(Protocol):
    @property
    def media_type(self) -> str: ...

    def encode(self, table: Rows) -> AsyncIterator[bytes]:
        """Yield the file in pieces of some kilobytes."""
        ...


@dataclass(frozen=True)
class Export:
    file_name: str
    media_type: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class Exporter:
    """Where exports come from, and in what forms."""

    source: ExportSource
    encoders: Mapping[ExportFormat, Encoder]

    def export(self, name: str, table: Rows, format: ExportFormat) -> Export:
        encoder = self.encoders[format]
        return Export(f"{name}.{format}", encoder.media_type, encoder.encode(table))


async def export_news(
    where: NewsFilter,
    format: ExportFormat,
    *,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    exporter: Exporter,
) -> Export:
    """Export the articles that the actor sees in the list."""
    authorize(actor, Action.EXPORT_NEWS)
    await record_export(Action.EXPORT_NEWS, actor=actor, uow=uow, clock=clock)
    table = exporter.source.news(where=where, visible=NewsVisibility.of(actor))
    return exporter.export("news", table, format)


async def export_members(
    where: MemberFilter,
    format: ExportFormat,
    *,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    exporter: Exporter,
) -> Export:
    """Export the members. Raises ReauthenticationRequiredError an hour after the password."""
    authorize(actor, Action.EXPORT_MEMBERS, at=clock.now())
    await record_export(Action.EXPORT_MEMBERS, actor=actor, uow=uow, clock=clock)
    return exporter.export("members", exporter.source.members(where=where), format)


async def record_export(
    action: Action, *, actor: Actor, uow: UnitOfWork, clock: Clock, subject_id: UUID | None = None
) -> None:
    """Commit the audit entry first: nothing leaves without a record (ASVS 5.0 16.2.1)."""
    entry = AuditEntry.create(
        action=action.value, actor_id=actor.member_id, subject_id=subject_id, at=clock.now()
    )
    async with uow:
        uow.audit.add(entry)
        await uow.commit()
