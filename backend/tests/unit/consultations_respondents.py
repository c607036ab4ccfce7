"""A driver of respondents, on fakes."""

from app.application.access import Actor
from app.application.consultations import create_response
from app.application.consultations_queries import ResponseView
from app.domain.consultations.consultation import Consultation
from app.domain.members.member import Role
from tests.factories import make_actor, make_answers, make_member
from tests.fakes import InMemoryStore, InMemoryUnitOfWork, PlainAddressDigests

NEIGHBOUR = make_member()
MEMBER = make_actor(Role.MEMBER, member_id=NEIGHBOUR.id)


def add_member(store: InMemoryStore) -> Actor:
    member = make_member()
    store.members[member.id] = member
    return make_actor(member_id=member.id)


async def submit_response(
    consultation: Consultation, pick: int, actor: Actor, uow: InMemoryUnitOfWork
) -> ResponseView:
    answers = make_answers(consultation, pick)
    return await create_response(
        consultation.id, answers, actor=actor, uow=uow, digests=PlainAddressDigests()
    )
