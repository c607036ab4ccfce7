"""One person, one response, also when they erase their account and register again.

A tombstone has no address. So an erasure leaves, for each consultation that the member has answered, a keyed
digest of the address until the closing of the consultation is recorded.
"""

from app.application.ports import AddressDigests
from app.application.unit_of_work import UnitOfWork
from app.domain.consultations.consultation import ConsultationId
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import UnauthenticatedError
from app.domain.members.member import Member, MemberId, MemberNotFoundError


async def keep_respondent_digests(member: Member, *, uow: UnitOfWork, digests: AddressDigests) -> None:
    """Call before `member.erase`, with the member locked after `consultations.lock_unclosed_shared`."""
    for consultation_id in await uow.responses.list_unclosed(member.id):
        newest, *_ = digests.of(member.email, consultation_id)
        await uow.responses.keep_digest(consultation_id, newest)


async def require_first_response(
    id: ConsultationId, member_id: MemberId, *, uow: UnitOfWork, digests: AddressDigests
) -> None:
    """Keep the member from being erased, and look for an earlier account with the same address.

    Raises AlreadyRespondedError, and UnauthenticatedError if the member was erased after they were admitted.
    """
    try:
        member = await uow.members.get_locked(member_id)
    except MemberNotFoundError:
        raise UnauthenticatedError from None
    if await uow.responses.has_digest(id, digests.of(member.email, id)):
        raise AlreadyRespondedError


async def discard_response_traces(id: ConsultationId, *, uow: UnitOfWork) -> None:
    """Leave nothing of a closed consultation that tells when people came, or who of them was erased."""
    await uow.responses.shuffle(id)
    await uow.responses.forget_digests(id)
