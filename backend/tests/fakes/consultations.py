"""Consultations and the responses to them in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from app.domain.consultations.consultation import (
    UNCLOSED,
    Consultation,
    ConsultationId,
    ConsultationNotFoundError,
    ConsultationStatus,
)
from app.domain.consultations.responses import (
    AlreadyRespondedError,
    Ballot,
    BallotId,
    Participation,
    Response,
)
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import MemberId
from tests.fakes.store import InMemoryStore


class InMemoryConsultationRepository:
    def __init__(self, rows: dict[UUID, Consultation]) -> None:
        self._rows = rows

    def add(self, consultation: Consultation) -> None:
        self._rows[consultation.id] = consultation

    async def get_locked(self, id: ConsultationId) -> Consultation:
        if id not in self._rows:
            raise ConsultationNotFoundError
        return self._rows[id]

    async def get_shared(self, id: ConsultationId) -> Consultation:
        return await self.get_locked(id)

    async def lock_unclosed_shared(self) -> None: ...

    async def list_due_locked(self, at: datetime) -> Sequence[Consultation]:
        def is_due(each: Consultation) -> bool:
            plan = {ConsultationStatus.DRAFT: each.opens_at, ConsultationStatus.OPEN: each.closes_at}
            due_at = plan.get(each.status)
            return due_at is not None and due_at <= at

        return [each for _, each in sorted(self._rows.items()) if is_due(each)]

    async def remove(self, consultation: Consultation) -> None:
        del self._rows[consultation.id]


class InMemoryResponseRepository:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def add(self, response: Response) -> None:
        self._refuse_second(self._store.responses, response)
        self._store.responses.append(response)

    async def cast(self, participation: Participation, ballot: Ballot) -> None:
        self._refuse_second(self._store.participations, participation)
        self._store.participations.append(participation)
        self._store.ballots.append(ballot)

    async def shuffle(self, id: ConsultationId) -> None:
        """Give each row a random id and sort by it, which randomizes the order too."""
        self._store.ballots[:] = sorted(
            (
                replace(each, id=BallotId(uuid4())) if each.consultation_id == id else each
                for each in self._store.ballots
            ),
            key=lambda ballot: ballot.id,
        )
        self._store.participations.sort(key=lambda each: each.member_id)

    async def list_unclosed(self, member_id: MemberId) -> Sequence[ConsultationId]:
        given: list[Response | Participation] = [*self._store.responses, *self._store.participations]
        answered = {each.consultation_id for each in given if each.member_id == member_id}
        consultations = self._store.consultations
        return [each for each in answered if consultations[each].status in UNCLOSED]

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


class PlainAddressDigests:
    """Address digests with two keys, newest first."""

    keys = ("new", "old")

    def of(self, email: EmailAddress, consultation_id: UUID) -> Sequence[bytes]:
        return [f"{key} {consultation_id} {email.value}".encode() for key in self.keys]
