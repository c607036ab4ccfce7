"""Schemas of members and invitations."""

from datetime import datetime
from typing import Annotated, Self, cast
from uuid import UUID

from pydantic import MISSING, BeforeValidator, Field, JsonValue

from app.application.members import Invitation
from app.application.members_queries import MemberFilter, MemberSort, PersonalRows
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import (
    InvitationChanges,
    Language,
    Member,
    ProfileChanges,
    Role,
)
from app.presentation.addresses import email_address
from app.presentation.http.pagination import PageOf, PageParams
from app.presentation.http.schemas.base import Schema, SearchWords, Text, VersionedView, View

Email = Annotated[Text, Field(max_length=EmailAddress.MAX_LENGTH, examples=["marta@pau2.example"])]
FullName = Annotated[
    Text, Field(min_length=1, max_length=Member.MAX_FULL_NAME_LENGTH, examples=["Marta Ibáñez"])
]
Phone = Annotated[
    Text,
    Field(
        max_length=40,
        description="With country code. Spaces, dots, dashes and brackets are removed.",
        examples=["+34 600 111 222"],
    ),
]


def _plain(value: object) -> object:
    return value.value if isinstance(value, EmailAddress | PhoneNumber) else value


ValueText = Annotated[str, BeforeValidator(_plain)]


class MemberRead(VersionedView):
    id: UUID
    email: ValueText
    full_name: str
    phone: ValueText | None = Field(description="E.164.", examples=["+34600111222"])
    role: Role
    is_active: bool
    language: Language = Field(description="The language of mails to this member.")
    email_verified_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MemberUpdate(Schema):
    """A merge patch (RFC 7396): absent fields stay, null clears the phone number."""

    full_name: FullName | MISSING = MISSING
    phone: Phone | MISSING | None = MISSING
    language: Language | MISSING = MISSING

    def to_changes(self) -> ProfileChanges:
        changes = cast("ProfileChanges", self.model_dump())
        if isinstance(self.phone, str):
            changes["phone"] = PhoneNumber.parse(self.phone)
        return changes


class InvitationCreate(Schema):
    email: Email
    full_name: FullName
    phone: Phone | None = None
    role: Role = Role.MEMBER

    def to_command(self, language: Language) -> Invitation:
        return Invitation(
            email=email_address(self.email),
            full_name=self.full_name,
            phone=None if self.phone is None else PhoneNumber.parse(self.phone),
            role=self.role,
            language=language,
        )


class InvitationUpdate(Schema):
    """A merge patch (RFC 7396): absent fields stay, null clears the phone number."""

    email: Email | MISSING = MISSING
    full_name: FullName | MISSING = MISSING
    phone: Phone | MISSING | None = MISSING
    role: Role | MISSING = MISSING
    language: Language | MISSING = MISSING

    def to_changes(self) -> InvitationChanges:
        changes = cast("InvitationChanges", self.model_dump())
        if isinstance(self.email, str):
            changes["email"] = EmailAddress.parse(self.email)
        if isinstance(self.phone, str):
            changes["phone"] = PhoneNumber.parse(self.phone)
        return changes


class RoleUpdate(Schema):
    role: Role


class PersonalDataRead(View):
    """All rows about you, by table, without secrets and their digests."""

    tables: dict[str, list[dict[str, JsonValue]]]

    @classmethod
    def of(cls, rows: PersonalRows) -> Self:
        return cls.model_validate({"tables": rows})


class MemberPage(PageOf[MemberRead]):
    """A page of members."""


class MemberFilterParams(Schema):
    role: Role | None = None
    is_active: bool | None = None
    q: SearchWords | None = None

    def to_filter(self) -> MemberFilter:
        return MemberFilter(role=self.role, is_active=self.is_active, words=self.q)


class MemberListParams(MemberFilterParams, PageParams):
    sort: MemberSort = Field(MemberSort.NEWEST, description="`-` before a name: descending.")
