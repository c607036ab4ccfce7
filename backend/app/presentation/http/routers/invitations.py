from uuid import UUID

from app.application import invitations
from app.application.access import Action
from app.domain.errors import LimitExceededError
from app.domain.members.contact_details import EmailAddressError, PhoneNumberError
from app.domain.members.member import (
    EmailTakenError,
    FullNameError,
    InvitationAcceptedError,
    MemberId,
    MemberInactiveError,
    MemberNotFoundError,
)
from app.presentation.http.conditions import EntityTagDep, ExpectedVersions
from app.presentation.http.dependencies import ClockDep, CurrentActor, UowDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.members import InvitationUpdate, MemberRead

router = api_router("/members/{id}/invitation", "members")
RESEND_ERRORS = (MemberNotFoundError, InvitationAcceptedError, MemberInactiveError, LimitExceededError)


@router.patch(
    "",
    summary="Correct an invitation",
    **operation(
        Action.CORRECT_INVITATIONS,
        *RESEND_ERRORS,
        EmailTakenError,
        EmailAddressError,
        FullNameError,
        PhoneNumberError,
        changes_version=True,
    ),
)
async def correct_invitation(
    *,
    id: UUID,
    body: InvitationUpdate,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> MemberRead:
    """Change an invitation until the member has chosen a password (JSON Merge Patch). For admins.

    A new mail is sent, and the earlier one stops working. Limit: 5 mails in half an hour.
    """
    member = await invitations.correct_invitation(
        MemberId(id), body.to_changes(), versions=versions, actor=actor, uow=uow, clock=clock
    )
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.post(
    "/resend",
    status_code=204,
    summary="Resend an invitation",
    **operation(Action.RESEND_INVITATIONS, *RESEND_ERRORS),
)
async def resend_invitation(id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep) -> None:
    """Mail a new token, valid for 7 days; the earlier one stops working. For admins.

    Limit: 5 mails in half an hour.
    """
    await invitations.resend_invitation(MemberId(id), actor=actor, uow=uow, clock=clock)


@router.delete(
    "",
    status_code=204,
    summary="Withdraw an invitation",
    **operation(
        Action.WITHDRAW_INVITATIONS, MemberNotFoundError, InvitationAcceptedError, changes_version=True
    ),
)
async def withdraw_invitation(
    id: UUID, actor: CurrentActor, versions: ExpectedVersions, uow: UowDep, clock: ClockDep
) -> None:
    """Delete the invited account. Its mail stops working, and its address is free again. For admins."""
    await invitations.withdraw_invitation(MemberId(id), versions=versions, actor=actor, uow=uow, clock=clock)
