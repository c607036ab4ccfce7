"""Questions of consultations, and the rules for their answers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType, Self
from uuid import UUID

from app.domain.errors import RuleViolationError
from app.domain.identifiers import uuid7
from app.domain.texts import comparison_key, multiline, single_line

QuestionId = NewType("QuestionId", UUID)
OptionId = NewType("OptionId", UUID)


class QuestionTitleError(RuleViolationError):
    code: ClassVar[str] = "question_title_invalid"
    detail: ClassVar[str] = "A question has 1 to 300 characters."
    field: ClassVar[str] = "questions"


class QuestionDescriptionError(RuleViolationError):
    code: ClassVar[str] = "question_description_invalid"
    detail: ClassVar[str] = "The description of a question has 1 to 2,000 characters."
    field: ClassVar[str] = "questions"


class OptionsError(RuleViolationError):
    code: ClassVar[str] = "options_invalid"
    detail: ClassVar[str] = (
        "A choice has 2 to 20 options of 1 to 200 characters that look different; a text question has none."
    )
    field: ClassVar[str] = "questions"


class AnswerError(RuleViolationError):
    """`args` are the index of the invalid answer and the name of the invalid part."""

    code: ClassVar[str] = "answer_invalid"
    detail: ClassVar[str] = "This answer does not fit its question."
    field: ClassVar[str] = "answers"


class QuestionKind(StrEnum):
    SINGLE_CHOICE = "SINGLE_CHOICE"
    MULTIPLE_CHOICE = "MULTIPLE_CHOICE"
    OPEN_TEXT = "OPEN_TEXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """The input for a question. Its position is its index in the list."""

    title: str
    description: str | None
    kind: QuestionKind
    required: bool
    options: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An unchecked answer: options for a choice, a text for an OPEN_TEXT."""

    question_id: QuestionId
    option_ids: Sequence[OptionId]
    text: str | None = field(repr=False)


@dataclass(eq=False, kw_only=True)
class Option:
    id: OptionId
    position: int
    text: str

    MAX_TEXT_LENGTH: ClassVar[int] = 200


@dataclass(eq=False, kw_only=True)
class Question:
    """An immutable question: those of a draft are replaced, and later they are frozen."""

    id: QuestionId
    position: int
    title: str
    description: str | None
    kind: QuestionKind
    required: bool
    options: list[Option] = field(default_factory=list)

    MAX_TITLE_LENGTH: ClassVar[int] = 300
    MAX_DESCRIPTION_LENGTH: ClassVar[int] = 2_000
    MIN_OPTIONS: ClassVar[int] = 2
    MAX_OPTIONS: ClassVar[int] = 20
    MAX_ANSWER_LENGTH: ClassVar[int] = 4_000

    @classmethod
    def create(cls, draft: QuestionDraft, *, position: int, at: datetime) -> Self:
        """Raises QuestionTitleError, QuestionDescriptionError, OptionsError."""
        title = single_line(draft.title, cls.MAX_TITLE_LENGTH, QuestionTitleError(position, "title"))
        description = draft.description
        if description is not None:
            error = QuestionDescriptionError(position, "description")
            description = multiline(description, cls.MAX_DESCRIPTION_LENGTH, error)
        invalid = OptionsError(position, "options")
        texts = [single_line(text, Option.MAX_TEXT_LENGTH, invalid) for text in draft.options]
        if not cls._fits(draft.kind, texts):
            raise invalid
        return cls(
            id=QuestionId(uuid7(at)),
            position=position,
            title=title,
            description=description,
            kind=draft.kind,
            required=draft.required,
            options=[
                Option(id=OptionId(uuid7(at)), position=index, text=text) for index, text in enumerate(texts)
            ],
        )

    @classmethod
    def _fits(cls, kind: QuestionKind, texts: Sequence[str]) -> bool:
        if kind is QuestionKind.OPEN_TEXT:
            return not texts
        return cls.MIN_OPTIONS <= len(texts) <= cls.MAX_OPTIONS and len(
            {comparison_key(text) for text in texts}
        ) == len(texts)

    @property
    def wording(self) -> tuple[object, ...]:
        """Everything that people read. Two questions with the same wording are the same question."""
        options = [option.text for option in self.options]
        return self.title, self.description, self.kind, self.required, options

    def check_choices(self, option_ids: Collection[OptionId], *, index: int) -> list[OptionId]:
        """Return the options in the order of the question, so that the order of clicks is not stored.

        Raises AnswerError, with the answer's `index`, unless they are different options of this question,
        and only one for a SINGLE_CHOICE.
        """
        chosen = [option.id for option in self.options if option.id in option_ids]
        single = self.kind is QuestionKind.SINGLE_CHOICE
        if not chosen or len(chosen) != len(option_ids) or (single and len(chosen) > 1):
            raise AnswerError(index, "option_ids")
        return chosen

    def check_text(self, text: str | None, *, index: int) -> str:
        """Return the text without surrounding space. Raises AnswerError."""
        error = AnswerError(index, "text")
        if text is None:
            raise error
        return multiline(text.strip(), self.MAX_ANSWER_LENGTH, error)
