"""Consultations: questionnaires that the board opens and each person answers once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType, Self
from uuid import UUID

from app.domain.changes import values_of
from app.domain.consultations.answers import Answers
from app.domain.consultations.drafts import (
    ConsultationAudience,
    ConsultationChanges,
    ConsultationDraft,
    ResultsVisibility,
)
from app.domain.consultations.questions import Answer, Question, QuestionDraft
from app.domain.errors import ConflictError, NotFoundError, RuleViolationError
from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId
from app.domain.texts import multiline, single_line

ConsultationId = NewType("ConsultationId", UUID)


class ConsultationNotFoundError(NotFoundError):
    code: ClassVar[str] = "consultation_not_found"
    detail: ClassVar[str] = "There is no such consultation."


class ConsultationNotDraftError(ConflictError):
    code: ClassVar[str] = "consultation_not_draft"
    detail: ClassVar[str] = "Only a draft can be opened or deleted."


class ConsultationNotOpenError(ConflictError):
    code: ClassVar[str] = "consultation_not_open"
    detail: ClassVar[str] = "The consultation is not open."


class ConsultationNotClosedError(ConflictError):
    code: ClassVar[str] = "consultation_not_closed"
    detail: ClassVar[str] = "The consultation is not closed."


class ConsultationArchivedError(ConflictError):
    code: ClassVar[str] = "consultation_archived"
    detail: ClassVar[str] = "An archived consultation cannot be changed."


class ConsultationFrozenError(ConflictError):
    code: ClassVar[str] = "consultation_frozen"
    detail: ClassVar[str] = (
        "Questions, anonymity and the opening time cannot change after opening, nor the closing time after "
        "closing."
    )


class ConsultationIncompleteError(ConflictError):
    code: ClassVar[str] = "consultation_incomplete"
    detail: ClassVar[str] = (
        "The consultation cannot open: it has no question, or its closing time has passed."
    )


class ConsultationTitleError(RuleViolationError):
    code: ClassVar[str] = "consultation_title_invalid"
    detail: ClassVar[str] = "A title has 1 to 200 characters."
    field: ClassVar[str] = "title"


class ConsultationDescriptionError(RuleViolationError):
    code: ClassVar[str] = "consultation_description_invalid"
    detail: ClassVar[str] = "A description has 1 to 10,000 characters."
    field: ClassVar[str] = "description"


class ConsultationPeriodError(RuleViolationError):
    code: ClassVar[str] = "consultation_period_invalid"
    detail: ClassVar[str] = "A consultation closes after it opens."
    field: ClassVar[str] = "closes_at"


class TooManyQuestionsError(RuleViolationError):
    code: ClassVar[str] = "too_many_questions"
    detail: ClassVar[str] = "A consultation has at most 50 questions."
    field: ClassVar[str] = "questions"


class ConsultationStatus(StrEnum):
    DRAFT = "DRAFT"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    ARCHIVED = "ARCHIVED"


UNCLOSED = (ConsultationStatus.DRAFT, ConsultationStatus.OPEN)
"""Statuses before the closing is recorded. A DRAFT takes answers as soon as its opening is due."""


@dataclass(eq=False, kw_only=True)
class Consultation:
    """A questionnaire: DRAFT, then OPEN, then CLOSED, then ARCHIVED.

    `opens_at` and `closes_at` are the planned times. When a person opens or closes it earlier, they become
    the actual times. `status` is the recorded status; `status_at` includes
    changes that are due and not recorded yet.
    """

    id: ConsultationId
    title: str
    description: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    audience: ConsultationAudience
    status: ConsultationStatus
    results_visibility: ResultsVisibility
    anonymous: bool
    created_by: MemberId
    created_at: datetime
    updated_at: datetime
    questions: list[Question] = field(default_factory=list)
    version: int = 1

    MAX_TITLE_LENGTH: ClassVar[int] = 200
    MAX_DESCRIPTION_LENGTH: ClassVar[int] = 10_000
    MAX_QUESTIONS: ClassVar[int] = 50

    @classmethod
    def create(cls, draft: ConsultationDraft, *, created_by: MemberId, at: datetime) -> Self:
        """Return a new draft. Raises the RuleViolationErrors of this module and of questions."""
        consultation = cls(
            id=ConsultationId(uuid7(at)),
            title=draft.title,
            description=draft.description,
            opens_at=draft.opens_at,
            closes_at=draft.closes_at,
            audience=draft.audience,
            status=ConsultationStatus.DRAFT,
            results_visibility=draft.results_visibility,
            anonymous=draft.anonymous,
            created_by=created_by,
            created_at=at,
            updated_at=at,
        )
        consultation._replace_questions(draft.questions, at)
        consultation._check()
        return consultation

    def edit(self, changes: ConsultationChanges, at: datetime) -> None:
        """Apply the changes. Raises ConsultationArchivedError, ConsultationFrozenError, and the errors of
        `create`."""
        if self.status is ConsultationStatus.ARCHIVED:
            raise ConsultationArchivedError
        if self._changes_frozen_field(changes):
            raise ConsultationFrozenError
        before = values_of(self, changes)
        self.title = changes.get("title", self.title)
        self.description = changes.get("description", self.description)
        self.opens_at = changes.get("opens_at", self.opens_at)
        self.closes_at = changes.get("closes_at", self.closes_at)
        self.audience = changes.get("audience", self.audience)
        self.results_visibility = changes.get("results_visibility", self.results_visibility)
        self.anonymous = changes.get("anonymous", self.anonymous)
        if "questions" in changes:
            self._replace_questions(changes["questions"], at)
        self._check()
        if values_of(self, changes) != before:
            self.updated_at = at

    def open(self, at: datetime) -> None:
        """Accept responses from now on. Raises ConsultationNotDraftError, ConsultationIncompleteError."""
        if self.status is not ConsultationStatus.DRAFT:
            raise ConsultationNotDraftError
        if not self.questions or self._is_over(at):
            raise ConsultationIncompleteError
        self.status = ConsultationStatus.OPEN
        self.opens_at = at if self.opens_at is None else min(self.opens_at, at)
        self.updated_at = at

    def close(self, at: datetime) -> None:
        """Accept no more responses. Raises ConsultationNotOpenError."""
        if self.status is not ConsultationStatus.OPEN:
            raise ConsultationNotOpenError
        self.status = ConsultationStatus.CLOSED
        self.closes_at = at if self.closes_at is None else min(self.closes_at, at)
        self.updated_at = at

    def archive(self, at: datetime) -> None:
        """Hide it from everybody except the board. Raises ConsultationNotClosedError."""
        if self.status is not ConsultationStatus.CLOSED:
            raise ConsultationNotClosedError
        self.status = ConsultationStatus.ARCHIVED
        self.updated_at = at

    def status_at(self, at: datetime) -> ConsultationStatus:
        """Return the status at this instant, recorded or not. A draft that cannot open stays a draft."""
        status = self.status
        if self._opening_is_due(at):
            status = ConsultationStatus.OPEN
        if status is ConsultationStatus.OPEN and self._is_over(at):
            status = ConsultationStatus.CLOSED
        return status

    def follow_schedule(self, at: datetime) -> bool:
        """Record the next due change with the time when it was due. Return whether there was one.

        Opening and closing take two calls, since each creates a version.
        """
        if self._opening_is_due(at) and self.opens_at is not None:
            self.open(max(self.opens_at, self.updated_at))
        elif self.status is ConsultationStatus.OPEN and self.closes_at is not None and self._is_over(at):
            self.close(max(self.closes_at, self.updated_at))
        else:
            return False
        return True

    def require_draft(self) -> None:
        """Raise ConsultationNotDraftError unless it is a draft: published consultations are not deleted."""
        if self.status is not ConsultationStatus.DRAFT:
            raise ConsultationNotDraftError

    def check_answers(self, answers: Sequence[Answer], at: datetime) -> Answers:
        """Check answers that arrive at this instant.

        Raises ConsultationNotOpenError, and the errors of `Answers.check`.
        """
        if self.status_at(at) is not ConsultationStatus.OPEN:
            raise ConsultationNotOpenError
        return Answers.check(self.questions, answers)

    def _changes_frozen_field(self, changes: ConsultationChanges) -> bool:
        if self.status is ConsultationStatus.DRAFT:
            return False
        closed = self.status is not ConsultationStatus.OPEN
        return (
            "questions" in changes
            or changes.get("anonymous", self.anonymous) is not self.anonymous
            or changes.get("opens_at", self.opens_at) != self.opens_at
            or (closed and changes.get("closes_at", self.closes_at) != self.closes_at)
        )

    def _opening_is_due(self, at: datetime) -> bool:
        """Return whether a draft opens by itself. It does not if its end had passed when it was edited."""
        due = self.status is ConsultationStatus.DRAFT and self.opens_at is not None and self.opens_at <= at
        return due and bool(self.questions) and not self._is_over(self.updated_at)

    def _is_over(self, at: datetime) -> bool:
        return self.closes_at is not None and self.closes_at <= at

    def _replace_questions(self, drafts: Sequence[QuestionDraft], at: datetime) -> None:
        if len(drafts) > self.MAX_QUESTIONS:
            raise TooManyQuestionsError
        questions = [Question.create(draft, position=index, at=at) for index, draft in enumerate(drafts)]
        if [question.wording for question in questions] != [each.wording for each in self.questions]:
            self.questions = questions

    def _check(self) -> None:
        self.title = single_line(self.title, self.MAX_TITLE_LENGTH, ConsultationTitleError)
        if self.description is not None:
            self.description = multiline(
                self.description, self.MAX_DESCRIPTION_LENGTH, ConsultationDescriptionError
            )
        planned = self.status is not ConsultationStatus.CLOSED
        if planned and self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ConsultationPeriodError
