"""Members: what they see and change of themselves, and what the board and admins do."""

from app.application.access import Action, Actor, authorize
from app.application.queries import MemberFilter, MemberQueries, MemberView, Page, PageRequest
from app.application.versions import require_version
from app.domain.audit import AuditEntry
from app.domain.members import Member, MemberId, ProfileChanges
from app.domain.ports import Clock, UnitOfWork


async def list_members(
    where: MemberFilter, page: PageRequest, *, actor: Actor, queries: MemberQueries
) -> Page[MemberView]:
    authorize(actor, Action.READ_MEMBERS)
    return await queries.list_members(where=where, page=page)


async def read_member(id: MemberId, *, actor: Actor, queries: MemberQueries) -> MemberView:
    """Raises MemberNotFoundError."""
    authorize(actor, Action.READ_MEMBERS)
    return await queries.get_member(id)


async def read_own_member(*, actor: Actor, queries: MemberQueries) -> MemberView:
    authorize(actor, Action.READ_OWN_MEMBER)
    return await queries.get_member(actor.member_id)


async def edit_member(
    id: MemberId,
    changes: ProfileChanges,
    *,
    seen: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """Change somebody's name or phone. `seen`: see `require_version`. Raises MemberNotFoundError."""
    authorize(actor, Action.EDIT_MEMBERS)
    async with uow:
        member = await uow.members.get(id)
        require_version(member, seen)
        member.change_profile(changes, at=clock.now())
        uow.audit.add(_edited(member, Action.EDIT_MEMBERS, actor, clock))
        await uow.commit()
    return member


async def edit_own_member(
    changes: ProfileChanges,
    *,
    seen: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """Change one's own name or phone. `seen`: see `require_version`."""
    authorize(actor, Action.EDIT_OWN_MEMBER)
    async with uow:
        member = await uow.members.get(actor.member_id)
        require_version(member, seen)
        member.change_profile(changes, at=clock.now())
        uow.audit.add(_edited(member, Action.EDIT_OWN_MEMBER, actor, clock))
        await uow.commit()
    return member


def _edited(member: Member, action: Action, actor: Actor, clock: Clock) -> AuditEntry:
    return AuditEntry.create(action=action, at=clock.now(), actor_id=actor.member_id, subject_id=member.id)
