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
        """Return the last committed version and lock the row, which orders log-ins and the end of sessions.

        Raises MemberNotFoundError.
        """
        ...

    async def lock_admins(self) -> frozenset[MemberId]:
        """Return the ADMINs who can log in, and lock them until the transaction ends.

        A concurrent caller waits, and then reads what the first one has committed.
        """
        ...

    async def find(self, id: MemberId) -> Member | None: ...

    async def find_by_email(self, email: EmailAddress) -> Member | None: ...

    async def find_by_email_locked(self, email: EmailAddress) -> Member | None:
        """Return the last committed version and lock the row."""
        ...

    async def list_unproven_locked(self, *, before: datetime, at: datetime, limit: int) -> Sequence[Member]:
        """Return members who registered or were invited before this instant, have never verified their
        address, and have no token that is valid at `at`. The rows are locked."""
        ...
