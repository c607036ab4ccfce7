"""Consultations in PostgreSQL: an aggregate of three tables, its mapping, its repository."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
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
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import relationship

from app.domain.consultations.consultation import (
    UNCLOSED,
    Consultation,
    ConsultationId,
    ConsultationNotFoundError,
    ConsultationStatus,
)
from app.domain.consultations.drafts import ConsultationAudience, ResultsVisibility
from app.domain.consultations.questions import Option, Question, QuestionKind
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry
from app.infrastructure.database.texts import in_spanish_order

consultations = Table(
    "consultations",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("opens_at", DateTime(timezone=True)),
    Column("closes_at", DateTime(timezone=True)),
    Column(
        "audience",
        Enum(ConsultationAudience, native_enum=False, create_constraint=True, name="audience", length=30),
        nullable=False,
    ),
    Column(
        "status",
        Enum(ConsultationStatus, native_enum=False, create_constraint=True, name="status", length=20),
        nullable=False,
    ),
    Column(
        "results_visibility",
        Enum(
            ResultsVisibility, native_enum=False, create_constraint=True, name="results_visibility", length=20
        ),
        nullable=False,
    ),
    Column("anonymous", Boolean, nullable=False),
    Column("created_by", ForeignKey(members.c.id), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("status = 'DRAFT' OR opens_at IS NOT NULL", name="opens_at"),
    CheckConstraint("status IN ('DRAFT', 'OPEN') OR closes_at IS NOT NULL", name="closes_at"),
    CheckConstraint("closes_at >= opens_at", name="period"),
)

questions = Table(
    "questions",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("consultation_id", ForeignKey(consultations.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column(
        "kind",
        Enum(QuestionKind, native_enum=False, create_constraint=True, name="kind", length=20),
        nullable=False,
    ),
    Column("required", Boolean, nullable=False),
)

options = Table(
    "options",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("question_id", ForeignKey(questions.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
)

sorted_at = func.coalesce(consultations.c.opens_at, consultations.c.created_at)
"""The opening time, or else the time of creation, so that no sort key is null."""

Index("ix_consultations_sorted_at_id", sorted_at, consultations.c.id)
Index("ix_consultations_sorted_title_id", in_spanish_order(consultations.c.title), consultations.c.id)

mapper_registry.map_imperatively(Option, options)
mapper_registry.map_imperatively(
    Question,
    questions,
    properties={
        "options": relationship(
            Option, order_by=options.c.position, cascade="all, delete-orphan", lazy="selectin"
        )
    },
)
mapper_registry.map_imperatively(
    Consultation,
    consultations,
    version_id_col=consultations.c.version,
    properties={
        "questions": relationship(
            Question, order_by=questions.c.position, cascade="all, delete-orphan", lazy="selectin"
        )
    },
)


class SqlAlchemyConsultationRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, consultation: Consultation) -> None:
        self._session.add(consultation)

    async def get_locked(self, id: ConsultationId) -> Consultation:
        return await self._get(id, read=False)

    async def get_shared(self, id: ConsultationId) -> Consultation:
        return await self._get(id, read=True)

    async def lock_unclosed_shared(self) -> None:
        """Lock in one order, before any member: closing locks a consultation first, then members."""
        unclosed = consultations.c.status.in_(UNCLOSED)
        query = select(consultations.c.id).where(unclosed).order_by(consultations.c.id)
        await self._session.execute(query.with_for_update(read=True))

    async def list_due_locked(self, at: datetime) -> Sequence[Consultation]:
        status = consultations.c.status
        due = or_(
            and_(status == ConsultationStatus.DRAFT, consultations.c.opens_at <= at),
            and_(status == ConsultationStatus.OPEN, consultations.c.closes_at <= at),
        )
        query = select(Consultation).where(due).order_by(consultations.c.id).with_for_update()
        return (await self._session.scalars(query)).all()

    async def remove(self, consultation: Consultation) -> None:
        await self._session.delete(consultation)

    async def _get(self, id: ConsultationId, *, read: bool) -> Consultation:
        consultation = await self._session.get(Consultation, id, with_for_update={"read": read})
        if consultation is None:
            raise ConsultationNotFoundError
        return consultation
