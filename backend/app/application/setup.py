"""Set-up by an operator on the command line, before anybody can log in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.application.audit import record
from app.application.ports import Clock, PasswordHasher
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import Password
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member, Role


@dataclass(frozen=True, slots=True)
class NewAdmin:
    full_name: str = field(repr=False)
    password: Password


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """A request for an administrator with this address.

    `confirm_promotion` is called for an existing member and may raise; `describe` returns the data of a new
    account.
    """

    email: EmailAddress
    confirm_promotion: Callable[[], None]
    describe: Callable[[], NewAdmin]


async def create_admin(
    request: AdminRequest, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher
) -> bool:
    """Promote the member who can log in with this address, or create an account that can.

    An unverified account is replaced. Return whether a member was promoted.
    Raises EmailTakenError for a member who is not active, FullNameError.
    """
    async with uow:
        existing = await uow.members.find_by_email(request.email)
    if existing is None or not existing.may_log_in:
        admin = request.describe()
        await _create(request.email, admin, uow=uow, at=clock.now(), hasher=hasher)
        return False
    request.confirm_promotion()
    now = clock.now()
    async with uow:
        admins = await uow.members.lock_admins()
        member = await uow.members.get_locked(existing.id)
        member.change_role(Role.ADMIN, admins=admins, at=now)
        record(uow, AuditAction.PROMOTE_ADMIN, subject_id=member.id, at=now)
        await uow.commit()
    return True


async def _create(
    email: EmailAddress, admin: NewAdmin, *, uow: UnitOfWork, at: datetime, hasher: PasswordHasher
) -> None:
    member = Member.create(
        email=email,
        full_name=admin.full_name,
        password_hash=await hasher.hash(admin.password),
        role=Role.ADMIN,
        email_verified_at=at,
        at=at,
    )
    async with uow:
        unproven = await uow.members.find_by_email_locked(email)
        if unproven is not None and (unproven.awaits_verification or unproven.awaits_acceptance):
            unproven.replace_registration(member)
            await uow.one_time_tokens.remove_all(unproven.id)
            member = unproven
        else:
            uow.members.add(member)
        record(uow, AuditAction.CREATE_ADMIN, subject_id=member.id, at=at)
        await uow.commit()
