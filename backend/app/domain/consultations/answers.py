"""The answers of one person, checked against the questions of a consultation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from app.domain.consultations.questions import (
    Answer,
    AnswerError,
    OptionId,
    Question,
    QuestionId,
    QuestionKind,
)
from app.domain.errors import RuleViolationError


class AnswerMissingError(RuleViolationError):
    code: ClassVar[str] = "answer_missing"
    detail: ClassVar[str] = "A required question is not answered."
    field: ClassVar[str] = "answers"


@dataclass(frozen=True, slots=True)
class Answers:
    """Checked answers in the order of the questions, whatever order they arrived in."""

    choices: list[OptionId] = field(default_factory=list)
    texts: dict[QuestionId, str] = field(default_factory=dict, repr=False)

    @classmethod
    def check(cls, questions: Sequence[Question], answers: Sequence[Answer]) -> Self:
        """Return the answers that were given, each fitting its question.

        Raises AnswerMissingError, and AnswerError for an answer to an unknown question, a second
        answer to a question, or an answer that does not fit.
        """
        known = {question.id for question in questions}
        indexes: dict[QuestionId, int] = {}
        for index, answer in enumerate(answers):
            if answer.question_id not in known or answer.question_id in indexes:
                raise AnswerError(index, "question_id")
            indexes[answer.question_id] = index
        checked = cls()
        for question in questions:
            if question.id in indexes:
                index = indexes[question.id]
                checked._add(question, answers[index], index)
            elif question.required:
                raise AnswerMissingError
        return checked

    def _add(self, question: Question, answer: Answer, index: int) -> None:
        """Add one answer. `index` is its place in the request. Raises AnswerError."""
        if question.kind is QuestionKind.OPEN_TEXT:
            if answer.option_ids:
                raise AnswerError(index, "option_ids")
            self.texts[question.id] = question.check_text(answer.text, index=index)
        else:
            if answer.text is not None:
                raise AnswerError(index, "text")
            self.choices.extend(question.check_choices(answer.option_ids, index=index))
