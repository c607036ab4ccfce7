"""One response for each person, even if they erase their account and register again.

An erased account has no address. So an erasure stores a keyed digest of the address for each open
consultation that the member has answered, until the closing of the consultation is recorded.
"""

from app.application.ports import AddressDigests
from app.application.unit_of_work import UnitOfWork
from app.domain.consultations.consultation import ConsultationId
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import UnauthenticatedError
from app.domain.members.member import Member, MemberId, MemberNotFoundError


async def keep_respondent_digests(member: Member, *, uow: UnitOfWork, digests: AddressDigests) -> None:
    """Store the digests, before `member.erase`. Lock the unclosed consultations, then the member, first."""
    for consultation_id in await uow.responses.list_unclosed(member.id):
        newest, *_ = digests.of(member.email, consultation_id)
        await uow.responses.keep_digest(consultation_id, newest)


async def require_first_response(
    id: ConsultationId, member_id: MemberId, *, uow: UnitOfWork, digests: AddressDigests
) -> None:
    """Lock the member, so that they cannot be erased, and look for an earlier response with this address.

    Raises AlreadyRespondedError, and UnauthenticatedError if the member was erased meanwhile.
    """
    try:
        member = await uow.members.get_locked(member_id)
    except MemberNotFoundError:
        raise UnauthenticatedError from None
    if await uow.responses.has_digest(id, digests.of(member.email, id)):
        raise AlreadyRespondedError


async def remove_response_traces(id: ConsultationId, *, uow: UnitOfWork) -> None:
    """Remove the traces of a closed consultation that show the order of responses, or who was erased."""
    await uow.responses.shuffle(id)
    await uow.responses.forget_digests(id)
