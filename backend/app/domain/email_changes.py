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
    """A new address that counts once a token mailed to it comes back (ASVS 5.0 6.3.7, 6.6.2).

    The old address is kept so that its owner can be told after the change. `session_id` is the session
    that asked: it stays when the change takes effect.
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
        """Take the new address as proven. Raises OneTimeTokenError."""
        if not self.is_confirmable(at):
            raise OneTimeTokenError
        self.confirmed_at = at


class EmailChangeRepository(Protocol):
    """Of the changes that wait for confirmation, each member has one at most: the newest."""

    async def replace(self, change: EmailChange) -> None:
        """Store the change in place of the one that waited. The caller holds the member's lock."""
        ...

    async def find(self, id: EmailChangeId) -> EmailChange | None: ...

    async def find_locked(self, id: EmailChangeId) -> EmailChange | None:
        """Lock the member, then the change, so that it cannot be confirmed twice."""
        ...

    async def withdraw(self, member_id: MemberId) -> None:
        """Delete the change that waits for confirmation."""
        ...

    async def remove_expired(self, *, before: datetime) -> None:
        """Delete the changes that had expired at this instant, confirmed or not."""
        ...
