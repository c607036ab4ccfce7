"""Responses to consultations. A response is given once and never edited."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NewType, Protocol, Self
from uuid import UUID

from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import ConsultationId
from app.domain.errors import ConflictError, ForbiddenError, NotFoundError
from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId

ResponseId = NewType("ResponseId", UUID)
BallotId = NewType("BallotId", UUID)


class AlreadyRespondedError(ConflictError):
    code: ClassVar[str] = "already_responded"
    detail: ClassVar[str] = "You have already answered this consultation."


class ResponseNotFoundError(NotFoundError):
    code: ClassVar[str] = "response_not_found"
    detail: ClassVar[str] = "You have not answered this consultation."


class ResultsPrivateError(ForbiddenError):
    code: ClassVar[str] = "results_private"
    detail: ClassVar[str] = "Only the board sees these results."


class ResultsNotReadyError(ConflictError):
    """The consultation has closed, and its ballots are not shuffled yet."""

    code: ClassVar[str] = "results_not_ready"
    detail: ClassVar[str] = "The ballots are being shuffled. Retry in a minute."


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """NAMED: the answers, their author and the time."""

    id: ResponseId
    consultation_id: ConsultationId
    member_id: MemberId
    created_at: datetime
    answers: Answers

    @classmethod
    def create(
        cls, answers: Answers, *, consultation_id: ConsultationId, member_id: MemberId, at: datetime
    ) -> Self:
        return cls(
            id=ResponseId(uuid7(at)),
            consultation_id=consultation_id,
            member_id=member_id,
            created_at=at,
            answers=answers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """ANONYMOUS: that a member took part, without a ballot or a time."""

    consultation_id: ConsultationId
    member_id: MemberId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """ANONYMOUS: the answers. The id is random, since a UUID of version 7 would reveal the time."""

    id: BallotId
    consultation_id: ConsultationId
    answers: Answers

    @classmethod
    def create(cls, answers: Answers, *, consultation_id: ConsultationId) -> Self:
        return cls(id=BallotId(uuid.uuid4()), consultation_id=consultation_id, answers=answers)


class ResponseRepository(Protocol):
    """Responses as a collection that only grows."""

    async def add(self, response: Response) -> None:
        """Raises AlreadyRespondedError."""
        ...

    async def cast(self, participation: Participation, ballot: Ballot) -> None:
        """Store both or neither. Raises AlreadyRespondedError."""
        ...

    async def shuffle(self, id: ConsultationId) -> None:
        """Rewrite the ballots of a consultation in random order and with new random ids, and its
        participations in the order of members, so that no trace of their times remains."""
        ...

    async def list_unclosed(self, member_id: MemberId) -> Sequence[ConsultationId]:
        """Return the UNCLOSED consultations that the member has answered."""
        ...

    async def keep_digest(self, id: ConsultationId, digest: bytes) -> None:
        """Store the digest of an erased respondent of this consultation."""
        ...

    async def has_digest(self, id: ConsultationId, digests: Sequence[bytes]) -> bool: ...

    async def forget_digests(self, id: ConsultationId) -> None: ...
