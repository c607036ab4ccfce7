from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.application import members
from app.application.access import Action
from app.domain.members import FullNameError, MemberId, MemberNotFoundError, PhoneNumberError
from app.presentation.http.conditions import EntityTagDep, SeenVersions
from app.presentation.http.dependencies import ClockDep, CurrentActor, MemberQueriesDep, UowDep
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.members import (
    MemberListParams,
    MemberPage,
    MemberRead,
    MemberUpdate,
)

router = api_router("/members", "members")


@router.get("/me", summary="Read yourself", **operation(Action.READ_OWN_MEMBER))
async def read_own_member(actor: CurrentActor, queries: MemberQueriesDep, tag: EntityTagDep) -> MemberRead:
    """What the association knows you by."""
    member = await members.read_own_member(actor=actor, queries=queries)
    tag.send(member.version)
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
    seen: SeenVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> MemberRead:
    """Change your name or phone number (JSON Merge Patch)."""
    member = await members.edit_own_member(body.to_changes(), seen=seen, actor=actor, uow=uow, clock=clock)
    tag.send(member.version)
    return MemberRead.model_validate(member)


@router.get("", summary="List members", **operation(Action.READ_MEMBERS))
async def list_members(
    params: Annotated[MemberListParams, Query()],
    pagination: PaginationDep,
    actor: CurrentActor,
    queries: MemberQueriesDep,
) -> MemberPage:
    """All members, newest first, also those who are not verified or not active. For the board."""
    page = await members.list_members(
        params.to_filter(),
        pagination.request(params, sort=params.sort),
        actor=actor,
        queries=queries,
    )
    return MemberPage.of(page, pagination.next_cursor(page, params))


@router.get("/{id}", summary="Read a member", **operation(Action.READ_MEMBERS, MemberNotFoundError))
async def read_member(
    id: UUID, actor: CurrentActor, queries: MemberQueriesDep, tag: EntityTagDep
) -> MemberRead:
    """One member. For the board."""
    member = await members.read_member(MemberId(id), actor=actor, queries=queries)
    tag.send(member.version)
    return MemberRead.model_validate(member)


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
    seen: SeenVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> MemberRead:
    """Change somebody's name or phone number (JSON Merge Patch). For admins."""
    member = await members.edit_member(
        MemberId(id), body.to_changes(), seen=seen, actor=actor, uow=uow, clock=clock
    )
    tag.send(member.version)
    return MemberRead.model_validate(member)
