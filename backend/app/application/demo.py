"""Demo data for development: an account per role, a year of news and events, two consultations."""

from datetime import timedelta
from typing import Protocol

from app.application.demo_consultations import add_consultations
from app.application.demo_events import add_events
from app.application.demo_news import add_news
from app.application.ports import Clock, PasswordHasher
from app.application.unit_of_work import UnitOfWork
from app.domain.auth import Password
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import Member, Role

ACCOUNTS = {
    "admin": ("Alba Ferrer", Role.ADMIN),
    "board": ("Bruno Castillo", Role.BOARD_MEMBER),
    "member": ("Marta Ibáñez", Role.MEMBER),
    "supporter": ("Samuel Ortega", Role.SUPPORTER),
}
DEMO_CREDENTIAL = "demo-quiet-river-42"


class DemoMembers(Protocol):
    async def add(self, count: int, *, password_hash: str) -> None:
        """Store the first `count` members of a fixed sequence, unless they exist."""
        ...


async def seed_demo(
    count: int, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher, extra_members: DemoMembers
) -> bool:
    """Store the demo data and `count` more members. Return False if the demo data existed.

    All demo accounts have the same password.
    """
    password_hash = await hasher.hash(Password.typed(DEMO_CREDENTIAL))
    is_new = await _seed_accounts(password_hash, uow=uow, clock=clock)
    await extra_members.add(count, password_hash=password_hash)
    return is_new


async def _seed_accounts(password_hash: str, *, uow: UnitOfWork, clock: Clock) -> bool:
    async with uow:
        if await uow.members.find_by_email(_email("admin")) is not None:
            return False
        members = [_member(name, password_hash, clock) for name in ACCOUNTS]
        for member in members:
            uow.members.add(member)
        await uow.flush()
        board_member = members[1]
        add_news(board_member, uow=uow, clock=clock)
        await add_consultations(board_member, members, uow=uow, clock=clock)
        add_events(board_member, uow=uow, clock=clock)
        await uow.commit()
    return True


def _email(name: str) -> EmailAddress:
    return EmailAddress.parse(f"{name}@pau2.example")


def _member(name: str, password_hash: str, clock: Clock) -> Member:
    full_name, role = ACCOUNTS[name]
    joined_at = clock.now() - timedelta(days=365)
    return Member.create(
        email=_email(name),
        password_hash=password_hash,
        full_name=full_name,
        phone=PhoneNumber.parse(f"+34 600 000 {len(name):03}"),
        role=role,
        email_verified_at=joined_at,
        at=joined_at,
    )
