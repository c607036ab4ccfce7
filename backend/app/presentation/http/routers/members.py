from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.application import members
from app.application.access import Action
from app.domain.members.contact_details import EmailAddressError, PhoneNumberError
from app.domain.members.member import (
    EmailTakenError,
    FullNameError,
    LastAdminError,
    MemberActiveError,
    MemberId,
    MemberInactiveError,
    MemberNotFoundError,
)
from app.presentation.http.conditions import EntityTagDep, ExpectedVersions, KnownEntityTagDep
from app.presentation.http.dependencies import (
    AddressDigestsDep,
    ClockDep,
    CurrentActor,
    MemberQueriesDep,
    PersonalDataQueriesDep,
    UowDep,
)
from app.presentation.http.idempotency import IdempotentUowDep
from app.presentation.http.languages import LanguageDep
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.members import (
    InvitationCreate,
    MemberListParams,
    MemberPage,
    MemberRead,
    MemberUpdate,
    PersonalDataRead,
    RoleUpdate,
)

router = api_router("/members", "members")


@router.get("/me", summary="Read yourself", **operation(Action.READ_OWN_MEMBER))
async def read_own_member(
    actor: CurrentActor, queries: MemberQueriesDep, tag: KnownEntityTagDep
) -> MemberRead:
    """Your own data as a member."""
    member = await members.read_own_member(actor=actor, queries=queries)
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.patch(
    "/me",
    summary="Edit yourself",
    **operation(Action.EDIT_OWN_MEMBER, FullNameError, PhoneNumberError, changes_version=True),
)
async def edit_own_member(
    *,
    body: MemberUpdate,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> MemberRead:
    """Change your name, phone number or language (JSON Merge Patch)."""
    member = await members.edit_own_member(
        body.to_changes(), versions=versions, actor=actor, uow=uow, clock=clock
    )
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.delete(
    "/me",
    status_code=204,
    summary="Erase yourself",
    **operation(Action.ERASE_OWN_MEMBER, LastAdminError, changes_version=True),
)
async def erase_own_member(
    actor: CurrentActor, versions: ExpectedVersions, uow: UowDep, clock: ClockDep, digests: AddressDigestsDep
) -> None:
    """Delete your account and all data that identifies you. This cannot be undone. Your texts stay.

    For each open consultation to which you responded, a keyed digest of your address stays until it closes,
    so that you cannot respond again with a new account.

    Requires a password that was entered within the hour.
    """
    await members.erase_own_member(versions=versions, actor=actor, uow=uow, clock=clock, digests=digests)


@router.get("/me/data", summary="Read your personal data", **operation(Action.READ_OWN_DATA))
async def read_own_data(actor: CurrentActor, queries: PersonalDataQueriesDep) -> PersonalDataRead:
    """All stored rows about you."""
    return PersonalDataRead.of(await members.read_own_data(actor=actor, queries=queries))


@router.get("", summary="List members", **operation(Action.READ_MEMBERS))
async def list_members(
    params: Annotated[MemberListParams, Query()],
    pagination: PaginationDep,
    actor: CurrentActor,
    queries: MemberQueriesDep,
) -> MemberPage:
    """All members, newest first, including those who are not verified or not active. For the board."""
    page = await members.list_members(
        params.to_filter(), pagination.request(params, sort=params.sort), actor=actor, queries=queries
    )
    return MemberPage.of(page, pagination.next_cursor(page, params))


@router.get("/{id}", summary="Read a member", **operation(Action.READ_MEMBERS, MemberNotFoundError))
async def read_member(
    id: UUID, actor: CurrentActor, queries: MemberQueriesDep, tag: KnownEntityTagDep
) -> MemberRead:
    """One member. For the board."""
    member = await members.read_member(MemberId(id), actor=actor, queries=queries)
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.delete(
    "/{id}",
    status_code=204,
    summary="Erase a member",
    **operation(Action.ERASE_MEMBERS, MemberNotFoundError, LastAdminError, changes_version=True),
)
async def erase_member(
    *,
    id: UUID,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    digests: AddressDigestsDep,
) -> None:
    """Delete an account and all data that identifies its owner, for instance after a letter. For admins.

    This cannot be undone. The member's texts and votes stay, and no mail is sent. Requires that you entered
    your password within the hour.
    """
    await members.erase_member(
        MemberId(id), versions=versions, actor=actor, uow=uow, clock=clock, digests=digests
    )


@router.patch(
    "/{id}",
    summary="Edit a member",
    **operation(
        Action.EDIT_MEMBERS,
        MemberNotFoundError,
        FullNameError,
        PhoneNumberError,
        changes_version=True,
    ),
)
async def edit_member(
    *,
    id: UUID,
    body: MemberUpdate,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> MemberRead:
    """Change a member's name, phone number or language (JSON Merge Patch). For admins."""
    member = await members.edit_member(
        MemberId(id), body.to_changes(), versions=versions, actor=actor, uow=uow, clock=clock
    )
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.post(
    "",
    status_code=201,
    summary="Invite a member",
    **operation(
        Action.INVITE_MEMBERS,
        EmailTakenError,
        EmailAddressError,
        FullNameError,
        PhoneNumberError,
        creates=True,
    ),
)
async def invite_member(
    *,
    body: InvitationCreate,
    language: LanguageDep,
    actor: CurrentActor,
    uow: IdempotentUowDep,
    clock: ClockDep,
    response: Response,
    tag: EntityTagDep,
) -> MemberRead:
    """Create an account. A mail in the language of this request says how to set its password. For admins."""
    member = await members.invite_member(body.to_command(language), actor=actor, uow=uow, clock=clock)
    response.headers["Location"] = f"/api/v1/members/{member.id}"
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.put(
    "/{id}/role",
    summary="Change a role",
    **operation(Action.SET_ROLES, MemberNotFoundError, LastAdminError, changes_version=True),
)
async def change_role(
    *,
    id: UUID,
    body: RoleUpdate,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> MemberRead:
    """Change a member's role, with effect from the member's next request. For admins."""
    member = await members.change_role(
        MemberId(id), body.role, versions=versions, actor=actor, uow=uow, clock=clock
    )
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.post(
    "/{id}/deactivate",
    summary="Deactivate a member",
    **operation(Action.DEACTIVATE_MEMBERS, MemberNotFoundError, MemberInactiveError, LastAdminError),
)
async def deactivate_member(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> MemberRead:
    """Close an account: its sessions end, and its owner cannot log in. For admins."""
    member = await members.deactivate_member(MemberId(id), actor=actor, uow=uow, clock=clock)
    tag.set(member.version)
    return MemberRead.model_validate(member)


@router.post(
    "/{id}/activate",
    summary="Activate a member",
    **operation(Action.ACTIVATE_MEMBERS, MemberNotFoundError, MemberActiveError),
)
async def activate_member(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> MemberRead:
    """Reopen a closed account. For admins."""
    member = await members.activate_member(MemberId(id), actor=actor, uow=uow, clock=clock)
    tag.set(member.version)
    return MemberRead.model_validate(member)
