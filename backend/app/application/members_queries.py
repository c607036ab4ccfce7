"""Reads of members, and of all data that is stored about one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.paging import Page, PageRequest
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import Language, MemberId, Role


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Each given field must match exactly; `words` are those that name, address or phone must have."""

    role: Role | None = None
    is_active: bool | None = None
    words: str | None = field(default=None, repr=False)


class MemberSort(StrEnum):
    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "full_name"
    NAME_DESCENDING = "-full_name"


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as the member and the board see them. `repr` omits the personal values."""

    id: UUID
    email: EmailAddress
    full_name: str = field(repr=False)
    phone: PhoneNumber | None
    role: Role
    is_active: bool
    language: Language
    email_verified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class MemberQueries(Protocol):
    async def list_members(self, *, where: MemberFilter, page: PageRequest) -> Page[MemberView]: ...

    async def get_member(self, id: MemberId) -> MemberView:
        """Raises MemberNotFoundError."""
        ...


PersonalRows = Mapping[str, list[dict[str, object]]]
"""Table → rows → column → JSON value. Instants are in ISO 8601."""


class PersonalDataQueries(Protocol):
    async def read(self, member_id: MemberId) -> PersonalRows:
        """Return all data stored about the member at one instant."""
        ...
