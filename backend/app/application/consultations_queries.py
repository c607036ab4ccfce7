"""Reads of consultations: questions, own responses and results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.access import Action, Actor, is_allowed
from app.application.paging import Page, PageRequest
from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import Consultation, ConsultationStatus
from app.domain.consultations.drafts import ConsultationAudience, ResultsVisibility
from app.domain.consultations.questions import QuestionId, QuestionKind
from app.domain.consultations.results import MIN_CELL_COUNT, publishable
from app.domain.members.member import MemberId


@dataclass(frozen=True, slots=True)
class OptionView:
    id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    id: UUID
    title: str
    description: str | None
    kind: QuestionKind
    required: bool
    options: list[OptionView]


@dataclass(frozen=True, slots=True)
class ConsultationSummary:
    """A consultation in a list, without its questions."""

    id: UUID
    title: str
    description: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    audience: ConsultationAudience
    status: ConsultationStatus
    results_visibility: ResultsVisibility
    anonymous: bool
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ConsultationView(ConsultationSummary):
    """`ballots_shuffled`: whether its closing is recorded, and with it the rewriting of its ballots."""

    ballots_shuffled: bool
    questions: list[QuestionView]


@dataclass(frozen=True, slots=True)
class AnswerView:
    question_id: UUID
    option_ids: list[UUID]
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResponseView:
    """A member's own response. For an ANONYMOUS consultation, only its existence is known."""

    consultation_id: UUID
    anonymous: bool
    responded_at: datetime | None
    answers: list[AnswerView] | None

    @classmethod
    def of(
        cls, consultation: Consultation | ConsultationView, answers: Answers, at: datetime | None
    ) -> "ResponseView":
        if consultation.anonymous:
            return cls(consultation.id, anonymous=True, responded_at=None, answers=None)
        views = []
        for question in consultation.questions:
            chosen: list[UUID] = [each.id for each in question.options if each.id in answers.choices]
            text = answers.texts.get(QuestionId(question.id))
            if chosen or text is not None:
                views.append(AnswerView(question.id, chosen, text))
        return cls(consultation.id, anonymous=False, responded_at=at, answers=views)


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts: responses, choices by option, texts by question (sorted, to hide the order of
    arrival)."""

    responses: int
    choices: Mapping[UUID, int]
    texts: Mapping[UUID, Sequence[str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OptionResult:
    """`count` is None where it is suppressed."""

    id: UUID
    text: str
    count: int | None


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """`texts` are the answers to an OPEN_TEXT; None for choices, and where they are suppressed."""

    id: UUID
    title: str
    kind: QuestionKind
    options: list[OptionResult]
    texts: list[str] | None = field(repr=False)

    @classmethod
    def of(cls, question: QuestionView, tally: Tally, *, anonymous: bool) -> "QuestionResult":
        counts = [tally.choices.get(option.id, 0) for option in question.options]
        published = publishable(question.kind, counts, tally.responses) if anonymous else counts
        texts = list(tally.texts.get(question.id, ()))
        shown = question.kind is QuestionKind.OPEN_TEXT and not (anonymous and len(texts) < MIN_CELL_COUNT)
        options = [
            OptionResult(option.id, option.text, count)
            for option, count in zip(question.options, published, strict=True)
        ]
        return cls(question.id, question.title, question.kind, options, texts if shown else None)


@dataclass(frozen=True, slots=True)
class Results:
    """`responses` is None where it is suppressed."""

    consultation_id: UUID
    anonymous: bool
    responses: int | None
    questions: list[QuestionResult]

    @property
    def version(self) -> int:
        """The number of responses, which identifies a state, since responses are only added."""
        return 1 + (self.responses or 0)

    @classmethod
    def of(cls, consultation: ConsultationView, tally: Tally) -> "Results":
        """Return the results, with small counts suppressed if ANONYMOUS (see `publishable`)."""
        anonymous = consultation.anonymous
        hidden = anonymous and tally.responses < MIN_CELL_COUNT
        return cls(
            consultation.id,
            anonymous,
            None if hidden else tally.responses,
            [QuestionResult.of(each, tally, anonymous=anonymous) for each in consultation.questions],
        )


@dataclass(frozen=True, slots=True)
class ConsultationFilter:
    """Each given field must match exactly."""

    status: ConsultationStatus | None = None
    audience: ConsultationAudience | None = None
    anonymous: bool | None = None


class ConsultationSort(StrEnum):
    """Consultations without an opening time are sorted by their creation."""

    NEWEST = "-opens_at"
    OLDEST = "opens_at"
    TITLE = "title"
    TITLE_DESCENDING = "-title"


@dataclass(frozen=True, slots=True)
class ConsultationVisibility:
    """The consultations that an actor can see, the same for reads, responses, results and exports."""

    audiences: frozenset[ConsultationAudience]
    statuses: frozenset[ConsultationStatus]

    @classmethod
    def of(cls, actor: Actor) -> "ConsultationVisibility":
        members = is_allowed(actor, Action.READ_MEMBERS_CONSULTATIONS)
        every = is_allowed(actor, Action.READ_EVERY_CONSULTATION)
        return cls(
            frozenset(ConsultationAudience if members else {ConsultationAudience.MEMBERS_AND_SUPPORTERS}),
            frozenset(ConsultationStatus if every else {ConsultationStatus.OPEN, ConsultationStatus.CLOSED}),
        )

    def includes(self, consultation: Consultation, at: datetime) -> bool:
        return consultation.audience in self.audiences and consultation.status_at(at) in self.statuses


class ConsultationQueries(Protocol):
    """Reads show due changes before they are recorded."""

    async def list_consultations(
        self, *, where: ConsultationFilter, page: PageRequest, visible: ConsultationVisibility
    ) -> Page[ConsultationSummary]: ...

    async def get_consultation(self, id: UUID, *, visible: ConsultationVisibility) -> ConsultationView:
        """Raises ConsultationNotFoundError, also for one that is not visible."""
        ...

    async def get_response(
        self, id: UUID, *, member_id: MemberId, visible: ConsultationVisibility
    ) -> ResponseView:
        """Raises ConsultationNotFoundError, ResponseNotFoundError."""
        ...

    async def tally(self, consultation: ConsultationView) -> Tally:
        """Count the responses, choices and texts at one moment."""
        ...
