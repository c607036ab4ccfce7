"""Secret addresses at which calendar programs, which cannot log in, read a member's events."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, Self

from app.domain.errors import NotFoundError
from app.domain.members.member import MemberId


class CalendarAddressNotFoundError(NotFoundError):
    code: ClassVar[str] = "calendar_address_not_found"
    detail: ClassVar[str] = "There is no such calendar address, or it was renewed or withdrawn."


@dataclass(frozen=True, slots=True)
class CalendarToken:
    """The secret part of an address. Only its digest is stored."""

    text: str = field(repr=False)

    RANDOM_BYTES: ClassVar[int] = 32

    @classmethod
    def new(cls) -> Self:
        """Return a token with 256 random bits (ASVS 5.0 7.2.3 requires 128)."""
        return cls(secrets.token_urlsafe(cls.RANDOM_BYTES))

    @property
    def digest(self) -> bytes:
        """The stored digest. With over 128 random bits, an unkeyed hash suffices (ASVS 5.0 11.4.1)."""
        return hashlib.sha256(self.text.encode()).digest()


@dataclass(eq=False, kw_only=True)
class CalendarAddress:
    """The address of a member, who has at most one."""

    member_id: MemberId
    token_digest: bytes = field(repr=False)
    created_at: datetime


class CalendarAddressRepository(Protocol):
    async def replace(self, address: CalendarAddress) -> None:
        """Store the address; replace the member's earlier one."""
        ...

    async def remove(self, member_id: MemberId) -> None: ...
