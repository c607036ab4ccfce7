"""Exports: everything that a list shows its reader, in one consistent file."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import ClassVar, Protocol
from uuid import UUID

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.consultations import require_results
from app.application.consultations_queries import ConsultationQueries, ConsultationVisibility, Results
from app.application.events_queries import EventFilter, EventVisibility
from app.application.export_files import Encoder, FileType, Row, RowStream
from app.application.members_queries import MemberFilter
from app.application.news_queries import NewsFilter, NewsVisibility
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.errors import LimitExceededError
from app.domain.members.member import MemberId

MAX_CONCURRENT_EXPORTS = 2
"""The limit for each member across all instances, since an export holds a connection for long."""


class TooManyExportsError(LimitExceededError):
    code: ClassVar[str] = "too_many_exports"
    detail: ClassVar[str] = f"{MAX_CONCURRENT_EXPORTS} of your exports are running. Retry when one has ended."


class ExportSource(Protocol):
    """Each export reads one snapshot, which is open from the first batch to the last.

    The first batch raises TooManyExportsError when `requested_by` is reading MAX_CONCURRENT_EXPORTS others.
    """

    def news(self, *, where: NewsFilter, visible: NewsVisibility, requested_by: MemberId) -> RowStream: ...
    def events(
        self, *, where: EventFilter, visible: EventVisibility, requested_by: MemberId
    ) -> RowStream: ...
    def members(self, *, where: MemberFilter, requested_by: MemberId) -> RowStream: ...
    def responses(self, id: UUID, *, requested_by: MemberId) -> RowStream: ...


@dataclass(frozen=True)
class Export:
    """An export. The database is read and the act recorded when the first chunk is requested."""

    file_name: str
    media_type: str
    chunks: AsyncGenerator[bytes]


@dataclass(frozen=True)
class Exporter:
    """The ports of exports: source, encoders and audit log."""

    source: ExportSource
    encoders: Mapping[FileType, Encoder]

    def export(
        self, name: str, table: RowStream, file: FileType, *, record: Callable[[], Awaitable[None]]
    ) -> Export:
        encoder = self.encoders[file]
        chunks = _recorded(table, encoder.encode(replace(table, title=name.capitalize())), record)
        return Export(f"{name}.{file.format}", encoder.media_type, chunks)


def export_news(
    where: NewsFilter,
    file: FileType,
    *,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    exporter: Exporter,
) -> Export:
    """Export the articles that the actor sees in the list."""
    authorize(actor, Action.EXPORT_NEWS)
    table = exporter.source.news(where=where, visible=NewsVisibility.of(actor), requested_by=actor.member_id)
    record_export = partial(_record_export, AuditAction.EXPORT_NEWS, actor=actor, uow=uow, at=clock.now())
    return exporter.export("news", table, file, record=record_export)


def export_events(
    where: EventFilter,
    file: FileType,
    *,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    exporter: Exporter,
) -> Export:
    """Export the events that the actor sees in the list."""
    authorize(actor, Action.EXPORT_EVENTS)
    table = exporter.source.events(
        where=where, visible=EventVisibility.of(actor), requested_by=actor.member_id
    )
    record_export = partial(_record_export, AuditAction.EXPORT_EVENTS, actor=actor, uow=uow, at=clock.now())
    return exporter.export("events", table, file, record=record_export)


def export_members(
    where: MemberFilter,
    file: FileType,
    *,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    exporter: Exporter,
) -> Export:
    """Export the members. Raises ReauthenticationRequiredError an hour after the password."""
    now = clock.now()
    authorize(actor, Action.EXPORT_MEMBERS, at=now)
    table = exporter.source.members(where=where, requested_by=actor.member_id)
    record_export = partial(_record_export, AuditAction.EXPORT_MEMBERS, actor=actor, uow=uow, at=now)
    return exporter.export("members", table, file, record=record_export)


async def export_responses(
    id: UUID,
    file: FileType,
    *,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    queries: ConsultationQueries,
    exporter: Exporter,
) -> Export:
    """Export responses with their authors; of an ANONYMOUS consultation only the results.

    Raises the errors of `read_results`.
    """
    authorize(actor, Action.EXPORT_RESPONSES)
    consultation = await queries.get_consultation(id, visible=ConsultationVisibility.of(actor))
    require_results(consultation, actor)
    if consultation.anonymous:
        table = _table_of(Results.of(consultation, await queries.tally(consultation)))
    else:
        table = exporter.source.responses(id, requested_by=actor.member_id)
    record_export = partial(
        _record_export, AuditAction.EXPORT_RESPONSES, actor=actor, uow=uow, at=clock.now(), subject_id=id
    )
    return exporter.export("responses", table, file, record=record_export)


async def _recorded(
    table: RowStream, chunks: AsyncGenerator[bytes], record: Callable[[], Awaitable[None]]
) -> AsyncGenerator[bytes]:
    """Read the first chunk, which may be refused, then record the export, then yield the chunks."""
    async with aclosing(table.batches), aclosing(chunks):
        first = await anext(chunks)
        await record()
        yield first
        async for chunk in chunks:
            yield chunk


async def _record_export(
    action: AuditAction, *, actor: Actor, uow: UnitOfWork, at: datetime, subject_id: UUID | None = None
) -> None:
    """Commit the audit entry: no data leave without a record (ASVS 5.0 16.2.1)."""
    async with uow:
        record(uow, action, actor=actor, subject_id=subject_id, at=at)
        await uow.commit()


def _table_of(results: Results) -> RowStream:
    """Return a row for each option, whose count is None if it is suppressed, and for each text."""

    async def batches() -> AsyncGenerator[Sequence[Row]]:
        for question in results.questions:
            published: list[tuple[str, int | None]] = [(each.text, each.count) for each in question.options]
            published += [(text, 1) for text in question.texts or ()]
            yield [(question.id, question.title, *each) for each in published]

    return RowStream(("question_id", "question", "answer", "count"), batches())
