"""The reads of consultations: Core rows on AUTOCOMMIT connections, one statement each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    Uuid,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.application.consultation_queries import (
    ConsultationFilter,
    ConsultationSummary,
    ConsultationView,
    ConsultationVisibility,
    OptionView,
    QuestionView,
    ResponseView,
    Tally,
)
from app.application.queries import Page, PageRequest
from app.core.database import Connections
from app.domain.consultations.consultation import Answers, ConsultationNotFoundError
from app.domain.consultations.questions import OptionId, QuestionId, QuestionKind
from app.domain.consultations.responses import ResponseNotFoundError
from app.domain.members import MemberId
from app.infrastructure.database.consultations import options, questions
from app.infrastructure.database.consultations_at import consultations_at
from app.infrastructure.database.keyset import by_instant, by_text, fetch_page
from app.infrastructure.database.read_models import columns_of
from app.infrastructure.database.responses import ballots, participations, responses

current = consultations_at(func.statement_timestamp())
"""Consultations at the time of the statement, which all its parts share."""

SORT_KEYS = {
    "opens_at": by_instant(func.coalesce(current.c.opens_at, current.c.created_at)),
    "title": by_text(current.c.title),
}

_SUMMARY = columns_of(current, ConsultationSummary)

_OPTIONS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object("id", options.c.id, "text", options.c.text), options.c.position
            )
        )
    )
    .where(options.c.question_id == questions.c.id)
    .scalar_subquery()
)

_QUESTIONS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object(
                    *("id", questions.c.id, "title", questions.c.title),
                    *("description", questions.c.description, "kind", questions.c.kind),
                    *("required", questions.c.required, "options", _OPTIONS),
                ),
                questions.c.position,
            )
        )
    )
    .where(questions.c.consultation_id == current.c.id)
    .scalar_subquery()
)

_CONSULTATION = (*_SUMMARY, current.c.ballots_shuffled, _QUESTIONS.label("questions"))


def visible_consultations(visible: ConsultationVisibility) -> ColumnElement[bool]:
    return and_(current.c.audience.in_(visible.audiences), current.c.status.in_(visible.statuses))


def matching_consultations(where: ConsultationFilter) -> list[ColumnElement[bool]]:
    wanted = {
        current.c.status: where.status,
        current.c.audience: where.audience,
        current.c.anonymous: where.anonymous,
    }
    return [column == value for column, value in wanted.items() if value is not None]


class SqlAlchemyConsultationQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def list_consultations(
        self, *, where: ConsultationFilter, page: PageRequest, visible: ConsultationVisibility
    ) -> Page[ConsultationSummary]:
        query = select(*_SUMMARY).where(visible_consultations(visible), *matching_consultations(where))
        async with self._reads() as connection:
            return await fetch_page(
                connection, query, ConsultationSummary, id=current.c.id, keys=SORT_KEYS, page=page
            )

    async def get_consultation(self, id: UUID, *, visible: ConsultationVisibility) -> ConsultationView:
        query = select(*_CONSULTATION).where(current.c.id == id, visible_consultations(visible))
        return _view(await self._one(query))

    async def get_response(
        self, id: UUID, *, member_id: MemberId, visible: ConsultationVisibility
    ) -> ResponseView:
        given, took_part = responses.c, participations.c
        query = (
            select(*_CONSULTATION, took_part.member_id, given.choices, given.texts, given.created_at)
            .outerjoin(
                participations,
                and_(took_part.consultation_id == current.c.id, took_part.member_id == member_id),
            )
            .outerjoin(responses, and_(given.consultation_id == current.c.id, given.member_id == member_id))
            .where(current.c.id == id, visible_consultations(visible))
        )
        row = await self._one(query)
        participant, choices, texts, at = row[-4:]
        if participant is None and at is None:
            raise ResponseNotFoundError
        answers = Answers(
            [OptionId(each) for each in choices or ()],
            {QuestionId(UUID(key)): text for key, text in (texts or {}).items()},
        )
        return ResponseView.of(_view(row[:-4]), answers, at)

    async def tally(self, consultation: ConsultationView) -> Tally:
        query = _tally(ballots if consultation.anonymous else responses, consultation.id)
        async with self._reads() as connection:
            rows = (await connection.execute(query)).all()
        total = next(row.number for row in rows if row.id is None)
        texts: dict[UUID, list[str]] = {}
        for row in rows:
            if row.text is not None:
                texts.setdefault(row.id, []).append(row.text)
        choices = {row.id: row.number for row in rows if row.id is not None and row.text is None}
        return Tally(total, choices, {key: sorted(written) for key, written in texts.items()})

    async def _one(self, query: Select[Any]) -> Sequence[Any]:
        async with self._reads() as connection:
            for row in await connection.execute(query):
                return tuple(row)
        raise ConsultationNotFoundError


def _tally(box: Table, id: UUID) -> CompoundSelect[Any]:
    """Count in one statement, so that the parts are of one moment: the total has no id, the choices
    have an option's and the texts a question's."""
    mine = box.c.consultation_id == id
    chosen = func.unnest(box.c.choices).table_valued("id").render_derived()
    written = func.jsonb_each_text(box.c.texts).table_valued("key", "value")
    number = func.count()
    return union_all(
        select(cast(null(), Uuid).label("id"), null().label("text"), number.label("number"))
        .select_from(box)
        .where(mine),
        select(chosen.c.id, null(), number)
        .select_from(box.join(chosen, true()))
        .where(mine)
        .group_by(chosen.c.id),
        select(cast(written.c.key, Uuid), written.c.value, literal(1))
        .select_from(box.join(written, true()))
        .where(mine),
    )


def _view(columns: Sequence[Any]) -> ConsultationView:
    asked = [_question(question) for question in columns[-1] or ()]
    return ConsultationView(*[*columns[:-1], asked])


def _question(row: dict[str, Any]) -> QuestionView:
    return QuestionView(
        UUID(row["id"]),
        row["title"],
        row["description"],
        QuestionKind(row["kind"]),
        row["required"],
        [OptionView(UUID(option["id"]), option["text"]) for option in row["options"] or ()],
    )
