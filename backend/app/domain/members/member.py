"""Members of the association, and the state of their accounts."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType, Self, TypedDict
from uuid import UUID

from app.domain.changes import values_of
from app.domain.errors import ConflictError, NotFoundError, RuleViolationError
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.texts import person_name

MemberId = NewType("MemberId", UUID)

NO_PASSWORD = ""
"""Stored instead of a hash while nobody can log in with a password, until the owner sets one by mail."""


class MemberNotFoundError(NotFoundError):
    code: ClassVar[str] = "member_not_found"
    detail: ClassVar[str] = "There is no such member."


class EmailTakenError(ConflictError):
    code: ClassVar[str] = "email_taken"
    detail: ClassVar[str] = "Another member uses this e-mail address."


class LastAdminError(ConflictError):
    code: ClassVar[str] = "last_admin"
    detail: ClassVar[str] = "This is the last administrator who can log in. Appoint another one first."


class MemberActiveError(ConflictError):
    code: ClassVar[str] = "member_active"
    detail: ClassVar[str] = "The account is already active."


class MemberInactiveError(ConflictError):
    code: ClassVar[str] = "member_inactive"
    detail: ClassVar[str] = "The account is not active."


class InvitationAcceptedError(ConflictError):
    code: ClassVar[str] = "invitation_accepted"
    detail: ClassVar[str] = "The invitation was accepted: this member has a password."


class FullNameError(RuleViolationError):
    code: ClassVar[str] = "full_name_invalid"
    detail: ClassVar[str] = (
        "A name has 1 to 120 characters, without addresses or mixed alphabets. Write a space after a dot."
    )
    field: ClassVar[str] = "full_name"


class Role(StrEnum):
    """The roles, in ascending order: each includes the permissions of those before it."""

    SUPPORTER = "SUPPORTER"
    MEMBER = "MEMBER"
    BOARD_MEMBER = "BOARD_MEMBER"
    ADMIN = "ADMIN"

    def at_least(self, other: "Role") -> bool:
        roles = list(Role)
        return roles.index(self) >= roles.index(other)


class Language(StrEnum):
    """The language of mails (ISO 639-1)."""

    ENGLISH = "en"
    SPANISH = "es"


class ProfileChanges(TypedDict, total=False):
    """A merge patch (RFC 7396): an absent key changes nothing, None clears the value."""

    full_name: str
    phone: PhoneNumber | None
    language: Language


class InvitationChanges(ProfileChanges, total=False):
    """A merge patch of an invitation, which may also correct the address and the role."""

    email: EmailAddress
    role: Role


@dataclass(eq=False, kw_only=True)
class Member:
    """A person with an account. After registration the role is SUPPORTER until an administrator changes it.

    There is always an ADMIN who can log in. Methods that could remove the last one take `admins`, the
    ids of those who can, which the caller has read under a lock.
    """

    id: MemberId
    email: EmailAddress
    password_hash: str = field(repr=False)
    full_name: str = field(repr=False)
    phone: PhoneNumber | None
    role: Role
    is_active: bool
    language: Language
    email_verified_at: datetime | None
    erased_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int = 1

    MAX_FULL_NAME_LENGTH: ClassVar[int] = 120

    @classmethod
    def create(
        cls,
        *,
        email: EmailAddress,
        password_hash: str,
        full_name: str,
        at: datetime,
        phone: PhoneNumber | None = None,
        role: Role = Role.SUPPORTER,
        language: Language = Language.ENGLISH,
        email_verified_at: datetime | None = None,
    ) -> Self:
        """Return a new, active member. Raises FullNameError."""
        return cls(
            id=MemberId(uuid7(at)),
            email=email,
            password_hash=password_hash,
            full_name=cls._normalize_full_name(full_name),
            phone=phone,
            role=role,
            is_active=True,
            language=language,
            email_verified_at=email_verified_at,
            erased_at=None,
            created_at=at,
            updated_at=at,
        )

    @property
    def may_log_in(self) -> bool:
        return self.is_active and self.email_verified_at is not None

    @property
    def may_be_replaced(self) -> bool:
        """True while the address is unverified: another person who verifies it may take it.

        A deactivated account keeps its address, so that registering again cannot reopen it.
        """
        return self.is_active and self.email_verified_at is None

    @property
    def awaits_verification(self) -> bool:
        """True when the member registered and the address is not verified yet."""
        return self.may_be_replaced and self.password_hash != NO_PASSWORD

    @property
    def awaits_acceptance(self) -> bool:
        """True when the member was invited and has not chosen a password yet."""
        return self.may_be_replaced and self.password_hash == NO_PASSWORD

    def replace_registration(self, newer: Self) -> None:
        """Take all data, the role included, from a newer registration or invitation of the same address.

        The first registration was not verified, so none of its data may remain when the address is verified
        ("account pre-hijacking").
        """
        self.password_hash = newer.password_hash
        self.full_name = newer.full_name
        self.phone = newer.phone
        self.role = newer.role
        self.language = newer.language
        self.email_verified_at = newer.email_verified_at
        self.created_at = self.updated_at = newer.created_at

    def verify_email(self, at: datetime) -> None:
        """Mark the address as verified. Only the first verification counts."""
        if self.email_verified_at is None:
            self.email_verified_at = self.updated_at = at

    def change_email(self, email: EmailAddress, at: datetime) -> None:
        """Replace the address by another verified one."""
        self.email = email
        self.email_verified_at = self.updated_at = at

    def change_profile(self, changes: ProfileChanges, at: datetime) -> bool:
        """Apply the changes. Return whether a value differs. Raises FullNameError."""
        before = values_of(self, changes)
        if "full_name" in changes:
            self.full_name = self._normalize_full_name(changes["full_name"])
        self.phone = changes.get("phone", self.phone)
        self.language = changes.get("language", self.language)
        if values_of(self, changes) == before:
            return False
        self.updated_at = at
        return True

    def require_invited(self) -> None:
        """Raise InvitationAcceptedError if the member has chosen a password."""
        if self.password_hash != NO_PASSWORD:
            raise InvitationAcceptedError

    def correct_invitation(self, changes: InvitationChanges, at: datetime) -> bool:
        """Apply corrections of an administrator. Return whether a value differs. A new address is unverified.

        Raises InvitationAcceptedError, FullNameError.
        """
        self.require_invited()
        before = values_of(self, changes)
        self.change_profile(changes, at)
        self.role = changes.get("role", self.role)
        email = changes.get("email", self.email)
        if email != self.email:
            self.email = email
            self.email_verified_at = None
        if values_of(self, changes) == before:
            return False
        self.updated_at = at
        return True

    def change_role(self, role: Role, *, admins: AbstractSet[MemberId], at: datetime) -> bool:
        """Change the role. Return whether it differs. Raises LastAdminError."""
        if role is self.role:
            return False
        if role is not Role.ADMIN:
            self._require_another_admin(admins)
        self.role = role
        self.updated_at = at
        return True

    def deactivate(self, *, admins: AbstractSet[MemberId], at: datetime) -> None:
        """Close the account and keep its data. Raises MemberInactiveError, LastAdminError."""
        if not self.is_active:
            raise MemberInactiveError
        self._require_another_admin(admins)
        self.is_active = False
        self.updated_at = at

    def activate(self, at: datetime) -> None:
        """Reopen the account. Raises MemberActiveError."""
        if self.is_active:
            raise MemberActiveError
        self.is_active = True
        self.updated_at = at

    def erase(self, *, admins: AbstractSet[MemberId], at: datetime) -> None:
        """Erase all data about the person. The id stays, since data of others refer to it.

        The new address can never receive mail (RFC 2606 §2). Raises LastAdminError.
        """
        self._require_another_admin(admins)
        self.email = EmailAddress(f"{self.id}@erased.invalid")
        self.password_hash = NO_PASSWORD
        self.full_name = "Erased member"
        self.phone = self.email_verified_at = None
        self.role = Role.SUPPORTER
        self.is_active = False
        self.language = Language.ENGLISH
        self.erased_at = self.updated_at = at

    def replace_password_hash(self, password_hash: str, at: datetime) -> None:
        """Store a new hash, of the same or of another password."""
        self.password_hash = password_hash
        self.updated_at = at

    def _require_another_admin(self, admins: AbstractSet[MemberId]) -> None:
        if admins == {self.id}:
            raise LastAdminError

    @classmethod
    def _normalize_full_name(cls, text: str) -> str:
        return person_name(text, cls.MAX_FULL_NAME_LENGTH, FullNameError)
