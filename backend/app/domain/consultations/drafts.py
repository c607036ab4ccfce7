"""Drafts of consultations, and changes of them, as the board writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from app.domain.consultations.questions import QuestionDraft


class ConsultationAudience(StrEnum):
    """The people who may respond."""

    MEMBERS = "MEMBERS"
    MEMBERS_AND_SUPPORTERS = "MEMBERS_AND_SUPPORTERS"


class ResultsVisibility(StrEnum):
    """The readers of the results after closing: only the board, or the whole audience."""

    PRIVATE = "PRIVATE"
    PUBLIC = "PUBLIC"


@dataclass(frozen=True, kw_only=True)
class ConsultationDraft:
    """The input for a new consultation. `Consultation.create` checks it."""

    title: str
    audience: ConsultationAudience
    results_visibility: ResultsVisibility
    anonymous: bool
    description: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    questions: Sequence[QuestionDraft] = ()


class ConsultationChanges(TypedDict, total=False):
    """A merge patch (RFC 7396): an absent key changes nothing, None clears the value."""

    title: str
    description: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    audience: ConsultationAudience
    results_visibility: ResultsVisibility
    anonymous: bool
    questions: Sequence[QuestionDraft]
