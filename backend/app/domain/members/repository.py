"""The port of the members' repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member, MemberId


class MemberRepository(Protocol):
    """Members as a collection, without the erased ones."""

    def add(self, member: Member) -> None: ...

    async def get(self, id: MemberId) -> Member:
        """Return the member with this id. Raises MemberNotFoundError."""
        ...

    async def get_locked(self, id: MemberId) -> Member:
        """Return the member as committed last, under a row lock: log-in and whatever ends sessions
        happen one after the other. Raises MemberNotFoundError."""
        ...

    async def lock_admins(self) -> frozenset[MemberId]:
        """Return the ADMINs who can log in, and keep that set from shrinking until the transaction
        ends: a second caller waits, then sees what the first has left."""
        ...

    async def find(self, id: MemberId) -> Member | None: ...

    async def find_by_email(self, email: EmailAddress) -> Member | None: ...

    async def find_by_email_locked(self, email: EmailAddress) -> Member | None:
        """Return the member as committed last, under a row lock."""
        ...

    async def list_unproven_locked(self, *, before: datetime, at: datetime, limit: int) -> Sequence[Member]:
        """Return members who registered or were invited before this instant, have never proven their address,
        and hold no token that is good at `at`."""
        ...
