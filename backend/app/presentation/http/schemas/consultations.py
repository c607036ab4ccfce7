"""Schemas of consultations, responses and results."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import MISSING, Field

from app.application.consultations_queries import (
    ConsultationFilter,
    ConsultationSort,
)
from app.domain.consultations.consultation import Consultation, ConsultationStatus
from app.domain.consultations.drafts import (
    ConsultationAudience,
    ConsultationChanges,
    ConsultationDraft,
    ResultsVisibility,
)
from app.domain.consultations.questions import (
    Answer,
    Option,
    OptionId,
    Question,
    QuestionDraft,
    QuestionId,
    QuestionKind,
)
from app.presentation.http.pagination import PageOf, PageParams
from app.presentation.http.schemas.base import (
    Count,
    Instant,
    MultilineText,
    Schema,
    Text,
    VersionedView,
    View,
)

Title = Annotated[
    Text, Field(min_length=1, max_length=Consultation.MAX_TITLE_LENGTH, examples=["A new playground"])
]
Description = Annotated[
    MultilineText,
    Field(min_length=1, max_length=Consultation.MAX_DESCRIPTION_LENGTH, description="Markdown."),
]
QuestionTitle = Annotated[
    Text, Field(min_length=1, max_length=Question.MAX_TITLE_LENGTH, examples=["Where should it be?"])
]
QuestionDescription = Annotated[
    MultilineText, Field(min_length=1, max_length=Question.MAX_DESCRIPTION_LENGTH)
]
OptionText = Annotated[Text, Field(min_length=1, max_length=Option.MAX_TEXT_LENGTH, examples=["In the park"])]


class QuestionCreate(Schema):
    title: QuestionTitle
    description: QuestionDescription | None = None
    kind: QuestionKind
    required: bool = False
    options: list[OptionText] = Field(
        [],
        max_length=Question.MAX_OPTIONS,
        description="Two or more different options for a choice, none for an OPEN_TEXT.",
        examples=[["In the park", "Beside the school"]],
    )

    def to_draft(self) -> QuestionDraft:
        return QuestionDraft(
            title=self.title,
            description=self.description,
            kind=self.kind,
            required=self.required,
            options=self.options,
        )


Questions = Annotated[
    list[QuestionCreate],
    Field(max_length=Consultation.MAX_QUESTIONS, description="In the order of the questionnaire."),
]


class ConsultationCreate(Schema):
    title: Title
    description: Description | None = None
    opens_at: Instant | None = Field(
        None, description="The time at which it opens automatically. Without it, the board opens it."
    )
    closes_at: Instant | None = Field(None, description="The time at which it closes automatically.")
    audience: ConsultationAudience
    results_visibility: ResultsVisibility = ResultsVisibility.PRIVATE
    anonymous: bool = Field(
        False, description="Answers are stored without a link to the member. Cannot change after opening."
    )
    questions: Questions = Field(default_factory=list)

    def to_draft(self) -> ConsultationDraft:
        return ConsultationDraft(
            title=self.title,
            description=self.description,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            audience=self.audience,
            results_visibility=self.results_visibility,
            anonymous=self.anonymous,
            questions=[question.to_draft() for question in self.questions],
        )


class ConsultationUpdate(Schema):
    """A merge patch (RFC 7396): absent fields stay, null clears description, opening and closing time, and
    `questions` replaces all questions."""

    title: Title | MISSING = MISSING
    description: Description | MISSING | None = MISSING
    opens_at: Instant | MISSING | None = MISSING
    closes_at: Instant | MISSING | None = MISSING
    audience: ConsultationAudience | MISSING = MISSING
    results_visibility: ResultsVisibility | MISSING = MISSING
    anonymous: bool | MISSING = MISSING
    questions: Questions | MISSING = MISSING

    def to_changes(self) -> ConsultationChanges:
        changes = cast("ConsultationChanges", self.model_dump())
        if self.questions is not MISSING:
            changes["questions"] = [question.to_draft() for question in self.questions]
        return changes


class OptionRead(View):
    id: UUID
    text: str


class QuestionRead(View):
    id: UUID
    title: str
    description: str | None
    kind: QuestionKind
    required: bool
    options: list[OptionRead]


class ConsultationSummary(VersionedView):
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


class ConsultationRead(ConsultationSummary):
    questions: list[QuestionRead]


class ConsultationPage(PageOf[ConsultationSummary]):
    """A page of consultations."""


class ConsultationListParams(PageParams):
    status: ConsultationStatus | None = None
    audience: ConsultationAudience | None = None
    anonymous: bool | None = None
    sort: ConsultationSort = Field(
        ConsultationSort.NEWEST,
        description="`-` before a name: descending. Without `opens_at`, the date of creation counts.",
    )

    def to_filter(self) -> ConsultationFilter:
        return ConsultationFilter(status=self.status, audience=self.audience, anonymous=self.anonymous)


class AnswerCreate(Schema):
    question_id: UUID
    option_ids: list[UUID] = Field(
        [],
        max_length=Question.MAX_OPTIONS,
        description="For a single choice one option, for a multiple choice one or more.",
    )
    text: Annotated[MultilineText, Field(min_length=1, max_length=Question.MAX_ANSWER_LENGTH)] | None = Field(
        None, description="For an OPEN_TEXT."
    )

    def to_answer(self) -> Answer:
        return Answer(
            question_id=QuestionId(self.question_id),
            option_ids=[OptionId(option_id) for option_id in self.option_ids],
            text=self.text,
        )


class ResponseCreate(Schema):
    """The answers to all questions. Questions that are not required may be omitted."""

    answers: list[AnswerCreate] = Field(max_length=Consultation.MAX_QUESTIONS)

    def to_answers(self) -> list[Answer]:
        return [answer.to_answer() for answer in self.answers]


class AnswerRead(View):
    question_id: UUID
    option_ids: list[UUID]
    text: str | None


class ResponseRead(View):
    consultation_id: UUID
    anonymous: bool
    responded_at: datetime | None = Field(description="null if the consultation is anonymous.")
    answers: list[AnswerRead] | None = Field(
        description="null if the consultation is anonymous: the server cannot tell which answers are yours."
    )


class OptionResultRead(OptionRead):
    count: Count | None = Field(
        description="null if an anonymous consultation suppresses it: below 5, or revealing a count below 5."
    )


class QuestionResultRead(View):
    id: UUID
    title: str
    kind: QuestionKind
    options: list[OptionResultRead]
    texts: list[str] | None = Field(
        description="Of an OPEN_TEXT, in alphabetical order; null for fewer than 5 anonymous texts."
    )


class ResultsRead(View):
    consultation_id: UUID
    anonymous: bool
    responses: Count | None = Field(description="null if it is below 5 and the consultation is anonymous.")
    questions: list[QuestionResultRead]
