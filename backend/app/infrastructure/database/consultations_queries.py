"""Reads of consultations: one statement each."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.application.consultations_queries import (
    ConsultationFilter,
    ConsultationSummary,
    ConsultationView,
    ConsultationVisibility,
    OptionView,
    QuestionView,
    ResponseView,
    Tally,
)
from app.application.paging import Page, PageRequest
from app.core.database import Reads
from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import ConsultationNotFoundError
from app.domain.consultations.questions import OptionId, QuestionId, QuestionKind
from app.domain.consultations.responses import ResponseNotFoundError
from app.domain.members.member import MemberId
from app.infrastructure.database.consultations import options, questions
from app.infrastructure.database.consultations_schedule import consultations_at
from app.infrastructure.database.keyset import Listing, by_instant, by_text
from app.infrastructure.database.read_models import Statement, columns_of, fetch, fetch_one, given
from app.infrastructure.database.responses import ballots, participations, responses

current = consultations_at(func.statement_timestamp())
"""Consultations at the time of the statement, which is the same in all its parts."""

SORT_KEYS = {
    "opens_at": by_instant(func.coalesce(current.c.opens_at, current.c.created_at)),
    "title": by_text(current.c.title),
}

_SUMMARY = columns_of(current, ConsultationSummary)

CONDITIONS = {
    "status": current.c.status == bindparam("status"),
    "audience": current.c.audience == bindparam("audience"),
    "anonymous": current.c.anonymous == bindparam("anonymous"),
}
"""Conditions for the fields of ConsultationFilter."""

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
                    "id",
                    questions.c.id,
                    "title",
                    questions.c.title,
                    "description",
                    questions.c.description,
                    "kind",
                    questions.c.kind,
                    "required",
                    questions.c.required,
                    "options",
                    _OPTIONS,
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


def _summaries(visible: ConsultationVisibility) -> Select[Any]:
    return select(*_SUMMARY).where(visible_consultations(visible))


_LISTING = Listing(_summaries, ConsultationSummary, current.c.id, SORT_KEYS, CONDITIONS)


@cache
def _one(visible: ConsultationVisibility) -> Statement:
    wanted = current.c.id == bindparam("id")
    return Statement(select(*_CONSULTATION).where(wanted, visible_consultations(visible)))


@cache
def _with_response(visible: ConsultationVisibility) -> Statement:
    given = responses.c
    took_part = participations.c
    member_id: BindParameter[UUID] = bindparam("member_id")
    return Statement(
        select(*_CONSULTATION, took_part.member_id, given.choices, given.texts, given.created_at)
        .outerjoin(
            participations,
            and_(took_part.consultation_id == current.c.id, took_part.member_id == member_id),
        )
        .outerjoin(responses, and_(given.consultation_id == current.c.id, given.member_id == member_id))
        .where(current.c.id == bindparam("id"), visible_consultations(visible))
    )


class SqlAlchemyConsultationQueries:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_consultations(
        self, *, where: ConsultationFilter, page: PageRequest, visible: ConsultationVisibility
    ) -> Page[ConsultationSummary]:
        return await _LISTING.fetch(self._reads, page=page, visible=visible, where=given(where))

    async def get_consultation(self, id: UUID, *, visible: ConsultationVisibility) -> ConsultationView:
        row = await fetch_one(self._reads, _one(visible), id=id)
        if row is None:
            raise ConsultationNotFoundError
        return _view(row)

    async def get_response(
        self, id: UUID, *, member_id: MemberId, visible: ConsultationVisibility
    ) -> ResponseView:
        row = await fetch_one(self._reads, _with_response(visible), id=id, member_id=member_id)
        if row is None:
            raise ConsultationNotFoundError
        participant, choices, texts, at = row[-4:]
        if participant is None and at is None:
            raise ResponseNotFoundError
        answers = Answers(
            [OptionId(each) for each in choices or ()],
            {QuestionId(UUID(key)): text for key, text in (texts or {}).items()},
        )
        return ResponseView.of(_view(row[:-4]), answers, at)

    async def tally(self, consultation: ConsultationView) -> Tally:
        statement = _count_votes(ballots if consultation.anonymous else responses)
        rows = await fetch(self._reads, statement, consultation_id=consultation.id)
        total = next(number for key, _, number in rows if key is None)
        texts: dict[UUID, list[str]] = {}
        for key, text, _ in rows:
            if text is not None:
                texts.setdefault(key, []).append(text)
        choices = {key: number for key, text, number in rows if key is not None and text is None}
        return Tally(total, choices, {key: sorted(written) for key, written in texts.items()})


@cache
def _count_votes(table: Table) -> Statement:
    """Count in one statement, so that the counts are of one moment. The row of the total has no id, those
    of choices have an option's id, and those of texts a question's."""
    mine = table.c.consultation_id == bindparam("consultation_id")
    chosen = func.unnest(table.c.choices).table_valued("id").render_derived()
    written = func.jsonb_each_text(table.c.texts).table_valued("key", "value")
    number = func.count()
    query = union_all(
        select(cast(null(), Uuid).label("id"), null().label("text"), number.label("number"))
        .select_from(table)
        .where(mine),
        select(chosen.c.id, null(), number)
        .select_from(table.join(chosen, true()))
        .where(mine)
        .group_by(chosen.c.id),
        select(cast(written.c.key, Uuid), written.c.value, literal(1))
        .select_from(table.join(written, true()))
        .where(mine),
    )
    return Statement(query)


def _view(columns: Sequence[Any]) -> ConsultationView:
    *values, questions = columns
    values.append([_question(question) for question in questions or ()])
    return ConsultationView(*values)


def _question(row: dict[str, Any]) -> QuestionView:
    return QuestionView(
        UUID(row["id"]),
        row["title"],
        row["description"],
        QuestionKind(row["kind"]),
        row["required"],
        [OptionView(UUID(option["id"]), option["text"]) for option in row["options"] or ()],
    )
