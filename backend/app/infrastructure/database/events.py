"""Events in PostgreSQL: table, mapping, repository."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.events import Event, EventAudience, EventId, EventNotFoundError, EventStatus
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry
from app.infrastructure.database.texts import in_spanish_order

events = Table(
    "events",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False, index=True),
    Column("location", Text, nullable=False),
    Column("organizer", Text, nullable=False),
    Column(
        "audience",
        Enum(EventAudience, native_enum=False, create_constraint=True, name="audience", length=20),
        nullable=False,
    ),
    Column(
        "status",
        Enum(EventStatus, native_enum=False, create_constraint=True, name="status", length=20),
        nullable=False,
    ),
    Column("created_by", ForeignKey(members.c.id), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("ends_at > starts_at", name="times"),
    Index(None, "starts_at", "id"),
)

Index("ix_events_sorted_title_id", in_spanish_order(events.c.title), events.c.id)

mapper_registry.map_imperatively(Event, events, version_id_col=events.c.version)


class SqlAlchemyEventRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, event: Event) -> None:
        self._session.add(event)

    async def get(self, id: EventId) -> Event:
        event = await self._session.get(Event, id)
        if event is None:
            raise EventNotFoundError
        return event

    async def remove(self, event: Event) -> None:
        await self._session.delete(event)
