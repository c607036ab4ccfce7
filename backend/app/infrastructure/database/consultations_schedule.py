"""The schedule of consultations in SQL: their state at an instant, recorded or not.

This is `Consultation.status_at` and `Consultation.follow_schedule` in SQL. A row shows what recording the due
changes will store, its version included, so that entity tags stay valid.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from app.domain.consultations.consultation import ConsultationStatus
from app.infrastructure.database.consultations import consultations, questions

_DRAFT, _OPEN, _CLOSED, _ARCHIVED = (
    literal(each, consultations.c.status.type) for each in ConsultationStatus
)


def consultations_at(at: ColumnElement[Any]) -> Subquery:
    """Return the columns of `consultations` at this instant, and `ballots_shuffled`."""
    table = consultations.c
    opening = and_(
        table.status == _DRAFT,
        table.opens_at.is_not(None),
        table.opens_at <= at,
        or_(table.closes_at.is_(None), table.closes_at > table.updated_at),
        exists().where(questions.c.consultation_id == table.id),
    )
    closing = and_(or_(table.status == _OPEN, opening), table.closes_at.is_not(None), table.closes_at <= at)
    computed: dict[str, ColumnElement[Any]] = {
        "status": case((closing, _CLOSED), (opening, _OPEN), else_=table.status),
        "updated_at": func.greatest(
            table.updated_at, case((opening, table.opens_at)), case((closing, table.closes_at))
        ),
        "version": table.version + cast(opening, Integer) + cast(closing, Integer),
        "ballots_shuffled": table.status.in_([_CLOSED, _ARCHIVED]),
    }
    stored = [column for column in consultations.c if column.name not in computed]
    return select(*stored, *(column.label(name) for name, column in computed.items())).subquery("current")
