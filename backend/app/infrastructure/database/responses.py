"""Responses in PostgreSQL. The decision on secret ballots (docs/decisions) explains the anonymous ones.

The answers of a ballot are one row: rows of another table could show which answers belong together.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    exists,
    func,
    insert,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import UNCLOSED, ConsultationId
from app.domain.consultations.responses import Ballot, Participation, Response
from app.domain.members.member import MemberId
from app.infrastructure.database.consultations import consultations
from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry

EAGER_VACUUM = {"autovacuum_vacuum_threshold": 0, "autovacuum_vacuum_scale_factor": 0}
"""Autovacuum removes deleted rows, which still contain their transaction id, at its next run."""

responses = Table(
    "responses",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("consultation_id", ForeignKey(consultations.c.id), nullable=False),
    Column("member_id", ForeignKey(members.c.id), nullable=False, index=True),
    Column("choices", ARRAY(Uuid), nullable=False),
    Column("texts", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("consultation_id", "member_id"),
)

participations = Table(
    "participations",
    mapper_registry.metadata,
    Column("consultation_id", ForeignKey(consultations.c.id), primary_key=True),
    Column("member_id", ForeignKey(members.c.id), primary_key=True, index=True),
    postgresql_with=EAGER_VACUUM,
)

ballots = Table(
    "ballots",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("consultation_id", ForeignKey(consultations.c.id), nullable=False, index=True),
    Column("choices", ARRAY(Uuid), nullable=False),
    Column("texts", JSONB, nullable=False),
    postgresql_with=EAGER_VACUUM,
)

erased_respondents = Table(
    "erased_respondents",
    mapper_registry.metadata,
    Column("consultation_id", ForeignKey(consultations.c.id), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    postgresql_with=EAGER_VACUUM,
)


class SqlAlchemyResponseRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, response: Response) -> None:
        row = {
            "id": response.id,
            "consultation_id": response.consultation_id,
            "member_id": response.member_id,
            "created_at": response.created_at,
        }
        await self._session.execute(insert(responses).values(row | _columns(response.answers)))

    async def cast(self, participation: Participation, ballot: Ballot) -> None:
        """Insert the participation first, so that a second response leaves no ballot, not even a dead row."""
        await self._session.execute(
            insert(participations).values(
                consultation_id=participation.consultation_id, member_id=participation.member_id
            )
        )
        row = {"id": ballot.id, "consultation_id": ballot.consultation_id}
        await self._session.execute(insert(ballots).values(row | _columns(ballot.answers)))

    async def shuffle(self, id: ConsultationId) -> None:
        """Delete and insert in one statement each. Ids are random, and so is their order."""
        cast = delete(ballots).where(ballots.c.consultation_id == id).returning(*ballots.c).cte("cast")
        new_id = func.gen_random_uuid().label("id")
        shuffled = select(new_id, cast.c.consultation_id, cast.c.choices, cast.c.texts).order_by(new_id)
        await self._session.execute(insert(ballots).from_select(ballots.c.keys(), shuffled))
        took_part = (
            delete(participations)
            .where(participations.c.consultation_id == id)
            .returning(*participations.c)
            .cte("took_part")
        )
        by_member = select(took_part).order_by(took_part.c.member_id)
        await self._session.execute(insert(participations).from_select(participations.c.keys(), by_member))

    async def list_unclosed(self, member_id: MemberId) -> Sequence[ConsultationId]:
        answered = union(
            *(
                select(table.c.consultation_id).where(table.c.member_id == member_id)
                for table in (responses, participations)
            )
        )
        query = select(consultations.c.id).where(
            consultations.c.id.in_(answered), consultations.c.status.in_(UNCLOSED)
        )
        return (await self._session.scalars(query)).all()

    async def keep_digest(self, id: ConsultationId, digest: bytes) -> None:
        row = {"consultation_id": id, "digest": digest}
        await self._session.execute(upsert(erased_respondents).values(row).on_conflict_do_nothing())

    async def has_digest(self, id: ConsultationId, digests: Sequence[bytes]) -> bool:
        row = erased_respondents.c
        query = select(exists().where(row.consultation_id == id, row.digest.in_(digests)))
        return bool(await self._session.scalar(query))

    async def forget_digests(self, id: ConsultationId) -> None:
        row = erased_respondents.c
        await self._session.execute(delete(erased_respondents).where(row.consultation_id == id))


def _columns(answers: Answers) -> dict[str, Any]:
    texts = {str(key): text for key, text in answers.texts.items()}
    return {"choices": answers.choices, "texts": texts}
