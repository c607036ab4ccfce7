"""Use cases of members: for themselves, the board and administrators."""

from dataclasses import dataclass, field
from datetime import datetime

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.consultations_respondents import keep_respondent_digests
from app.application.members_queries import (
    MemberFilter,
    MemberQueries,
    MemberView,
    PersonalDataQueries,
    PersonalRows,
)
from app.application.one_time_tokens import issue_and_mail
from app.application.optimistic_locking import require_version
from app.application.paging import Page, PageRequest
from app.application.ports import AddressDigests, Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import OneTimePurpose
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import (
    NO_PASSWORD,
    Language,
    Member,
    MemberId,
    ProfileChanges,
    Role,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    email: EmailAddress
    full_name: str = field(repr=False)
    phone: PhoneNumber | None
    role: Role
    language: Language


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
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """Change a member's name, phone or language. `versions`: see `require_version`.

    Raises MemberNotFoundError.
    """
    authorize(actor, Action.EDIT_MEMBERS)
    now = clock.now()
    async with uow:
        member = await uow.members.get(id)
        require_version(member, versions)
        if member.change_profile(changes, at=now):
            record(uow, AuditAction.EDIT_MEMBER, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def edit_own_member(
    changes: ProfileChanges,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """Change one's own name or phone. `versions`: see `require_version`."""
    authorize(actor, Action.EDIT_OWN_MEMBER)
    now = clock.now()
    async with uow:
        member = await uow.members.get(actor.member_id)
        require_version(member, versions)
        if member.change_profile(changes, at=now):
            record(uow, AuditAction.EDIT_OWN_MEMBER, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def invite_member(invitation: Invitation, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Member:
    """Create an account without a password, and mail its owner a token to set one and verify the address.

    A registration that was never verified is replaced.
    Raises EmailTakenError, FullNameError.
    """
    authorize(actor, Action.INVITE_MEMBERS)
    now = clock.now()
    member = Member.create(
        email=invitation.email,
        password_hash=NO_PASSWORD,
        full_name=invitation.full_name,
        phone=invitation.phone,
        role=invitation.role,
        language=invitation.language,
        at=now,
    )
    async with uow:
        registered = await uow.members.find_by_email_locked(member.email)
        if registered is not None and registered.awaits_verification:
            registered.replace_registration(member)
            await uow.one_time_tokens.remove_all(registered.id)
            member = registered
        else:
            uow.members.add(member)
        await issue_and_mail(member, OneTimePurpose.INVITATION, uow=uow, at=now)
        record(uow, AuditAction.INVITE_MEMBER, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def change_role(
    id: MemberId,
    role: Role,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """`versions`: see `require_version`. Raises MemberNotFoundError, LastAdminError."""
    authorize(actor, Action.SET_ROLES)
    now = clock.now()
    async with uow:
        admins = await uow.members.lock_admins()
        member = await uow.members.get_locked(id)
        require_version(member, versions)
        if member.change_role(role, admins=admins, at=now):
            record(uow, AuditAction.SET_ROLE, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def deactivate_member(id: MemberId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Member:
    """Close an account, end its sessions and withdraw its calendar address.

    Raises MemberNotFoundError, MemberInactiveError, LastAdminError.
    """
    authorize(actor, Action.DEACTIVATE_MEMBERS)
    now = clock.now()
    async with uow:
        admins = await uow.members.lock_admins()
        member = await uow.members.get_locked(id)
        member.deactivate(admins=admins, at=now)
        await uow.sessions.revoke_all(member.id, at=now)
        await uow.calendar_addresses.remove(member.id)
        record(uow, AuditAction.DEACTIVATE_MEMBER, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def activate_member(id: MemberId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Member:
    """Reopen a closed account. Raises MemberNotFoundError, MemberActiveError."""
    authorize(actor, Action.ACTIVATE_MEMBERS)
    now = clock.now()
    async with uow:
        member = await uow.members.get_locked(id)
        member.activate(at=now)
        record(uow, AuditAction.ACTIVATE_MEMBER, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def read_own_data(*, actor: Actor, queries: PersonalDataQueries) -> PersonalRows:
    """Return all data stored about the actor (GDPR articles 15 and 20)."""
    authorize(actor, Action.READ_OWN_DATA)
    return await queries.read(actor.member_id)


async def erase_own_member(
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    digests: AddressDigests,
) -> None:
    """Erase the actor's personal data (GDPR article 17). Contributions that others see remain.

    Raises LastAdminError, and ReauthenticationRequiredError an hour after the password.
    """
    now = clock.now()
    authorize(actor, Action.ERASE_OWN_MEMBER, at=now)
    action = AuditAction.ERASE_OWN_MEMBER
    await _erase(
        actor.member_id,
        action,
        at=now,
        versions=versions,
        actor=actor,
        uow=uow,
        digests=digests,
    )


async def erase_member(
    id: MemberId,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
    digests: AddressDigests,
) -> None:
    """Erase a member at their request, such as by letter (GDPR article 17).

    The effect is that of `erase_own_member`. Raises MemberNotFoundError, LastAdminError, and
    ReauthenticationRequiredError an hour after the actor's password.
    """
    now = clock.now()
    authorize(actor, Action.ERASE_MEMBERS, at=now)
    action = AuditAction.ERASE_MEMBER
    await _erase(id, action, at=now, versions=versions, actor=actor, uow=uow, digests=digests)


async def _erase(
    id: MemberId,
    action: AuditAction,
    *,
    at: datetime,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    digests: AddressDigests,
) -> None:
    async with uow:
        await uow.consultations.lock_unclosed_shared()
        admins = await uow.members.lock_admins()
        member = await uow.members.get_locked(id)
        require_version(member, versions)
        await keep_respondent_digests(member, uow=uow, digests=digests)
        member.erase(admins=admins, at=at)
        await uow.personal_data.erase(member.id)
        record(uow, action, actor=actor, subject_id=member.id, at=at)
        await uow.commit()
