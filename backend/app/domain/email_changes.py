"""Changes of the address that a member logs in with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NewType, Protocol, Self
from uuid import UUID

from app.domain.auth import OneTimeTokenError, SessionId
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import MemberId

EmailChangeId = NewType("EmailChangeId", UUID)


@dataclass(eq=False, kw_only=True)
class EmailChange:
    """A new address that takes effect when a token mailed to it is redeemed (ASVS 5.0 6.3.7, 6.6.2).

    The old address is stored, so that its owner can be notified after the change. `session_id` is the
    requesting session, which does not end.
    """

    id: EmailChangeId
    member_id: MemberId
    session_id: SessionId
    old_email: EmailAddress
    new_email: EmailAddress
    expires_at: datetime
    confirmed_at: datetime | None

    LIFETIME: ClassVar[timedelta] = timedelta(hours=24)

    @classmethod
    def request(
        cls,
        *,
        member_id: MemberId,
        session_id: SessionId,
        old_email: EmailAddress,
        new_email: EmailAddress,
        at: datetime,
    ) -> Self:
        return cls(
            id=EmailChangeId(uuid7(at)),
            member_id=member_id,
            session_id=session_id,
            old_email=old_email,
            new_email=new_email,
            expires_at=at + cls.LIFETIME,
            confirmed_at=None,
        )

    def is_confirmable(self, at: datetime) -> bool:
        return self.confirmed_at is None and at < self.expires_at

    def confirm(self, at: datetime) -> None:
        """Mark the new address as verified. Raises OneTimeTokenError."""
        if not self.is_confirmable(at):
            raise OneTimeTokenError
        self.confirmed_at = at


class EmailChangeRepository(Protocol):
    """Each member has at most one pending change, the newest."""

    async def replace(self, change: EmailChange) -> None:
        """Store the change; replace a pending one. The caller has locked the member."""
        ...

    async def find(self, id: EmailChangeId) -> EmailChange | None: ...

    async def find_locked(self, id: EmailChangeId) -> EmailChange | None:
        """Lock the member, then the change, so that it cannot be confirmed twice."""
        ...

    async def withdraw(self, member_id: MemberId) -> None:
        """Delete the pending change."""
        ...

    async def remove_expired(self, *, before: datetime) -> None:
        """Delete the changes that had expired at this instant, confirmed or not."""
        ...
