"""What an operator does from the command line before there is anybody to log in."""

from dataclasses import dataclass, field

from app.application.ports import PasswordHasher
from app.domain.audit import AuditEntry
from app.domain.auth import Password
from app.domain.members import EmailAddress, Member, Role
from app.domain.ports import Clock, UnitOfWork


@dataclass(frozen=True, slots=True)
class NewAdmin:
    email: EmailAddress
    full_name: str = field(repr=False)
    password: Password


async def create_admin(admin: NewAdmin, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher) -> Member:
    """Make an administrator who can log in at once. Raises EmailTakenError, FullNameError."""
    member = Member.create(
        email=admin.email,
        full_name=admin.full_name,
        password_hash=await hasher.hash(admin.password),
        role=Role.ADMIN,
        email_verified_at=clock.now(),
        at=clock.now(),
    )
    async with uow:
        uow.members.add(member)
        uow.audit.add(AuditEntry.create(action="members:create-admin", subject_id=member.id, at=clock.now()))
        await uow.commit()
    return member
