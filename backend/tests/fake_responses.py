"""The in-memory stand-in for what people answer, a part of `tests.fakes`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from app.domain.consultations.consultation import ConsultationId, ConsultationStatus
from app.domain.consultations.responses import (
    AlreadyRespondedError,
    Ballot,
    BallotId,
    Participation,
    Response,
)
from app.domain.members import MemberId

if TYPE_CHECKING:
    from tests.fakes import InMemoryStore


class InMemoryResponseRepository:
    def __init__(self, store: "InMemoryStore") -> None:
        self._store = store

    async def add(self, response: Response) -> None:
        self._refuse_second(self._store.responses, response)
        self._store.responses.append(response)

    async def cast(self, participation: Participation, ballot: Ballot) -> None:
        self._refuse_second(self._store.participations, participation)
        self._store.participations.append(participation)
        self._store.ballots.append(ballot)

    async def shuffle(self, id: ConsultationId) -> None:
        """Random ids, and the order of the ids: that is random as well."""
        self._store.ballots[:] = sorted(
            (
                replace(each, id=BallotId(uuid4())) if each.consultation_id == id else each
                for each in self._store.ballots
            ),
            key=lambda ballot: ballot.id,
        )
        self._store.participations.sort(key=lambda each: each.member_id)

    async def list_open(self, member_id: MemberId) -> Sequence[ConsultationId]:
        given: list[Response | Participation] = [*self._store.responses, *self._store.participations]
        answered = {each.consultation_id for each in given if each.member_id == member_id}
        consultations = self._store.consultations
        return [each for each in answered if consultations[each].status is ConsultationStatus.OPEN]

    async def keep_digest(self, id: ConsultationId, digest: bytes) -> None:
        self._store.erased_respondents.add((id, digest))

    async def has_digest(self, id: ConsultationId, digests: Sequence[bytes]) -> bool:
        return any((id, digest) in self._store.erased_respondents for digest in digests)

    async def forget_digests(self, id: ConsultationId) -> None:
        self._store.erased_respondents = {row for row in self._store.erased_respondents if row[0] != id}

    @staticmethod
    def _refuse_second(given: Iterable[Response | Participation], another: Response | Participation) -> None:
        key = (another.consultation_id, another.member_id)
        if key in {(each.consultation_id, each.member_id) for each in given}:
            raise AlreadyRespondedError
