"""The audit log. Entries are added and never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol, Self
from uuid import UUID

from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId

AuditEntryId = NewType("AuditEntryId", UUID)


class AuditAction(StrEnum):
    """The recorded acts. Clients filter by these values, so they never change."""

    REGISTER = "auth:register"
    REGISTER_AGAIN = "auth:register-again"
    VERIFY_EMAIL = "auth:verify-email"
    LOG_IN = "auth:log-in"
    LOG_IN_FAILED = "auth:log-in-failed"
    LOG_OUT = "auth:log-out"
    END_SESSIONS = "auth:end-sessions"
    REPLAY = "auth:replay"
    RECOVER_ACCOUNT = "auth:recover-account"
    CHANGE_CREDENTIALS = "auth:change-password"
    CHANGE_EMAIL = "auth:change-email"
    CONFIRM_EMAIL = "auth:confirm-email"
    EDIT_MEMBER = "members:edit"
    EDIT_OWN_MEMBER = "members:edit-own"
    INVITE_MEMBER = "members:invite"
    RESEND_INVITATION = "members:resend-invitation"
    CORRECT_INVITATION = "members:correct-invitation"
    WITHDRAW_INVITATION = "members:withdraw-invitation"
    SET_ROLE = "members:set-role"
    DEACTIVATE_MEMBER = "members:deactivate"
    ACTIVATE_MEMBER = "members:activate"
    ERASE_MEMBER = "members:erase"
    ERASE_OWN_MEMBER = "members:erase-own"
    ERASE_UNPROVEN_MEMBER = "members:erase-unproven"
    FORGET_UNPROVEN_MEMBER = "members:forget-unproven"
    CREATE_ADMIN = "members:create-admin"
    PROMOTE_ADMIN = "members:promote-admin"
    RENEW_CALENDAR_ADDRESS = "calendars:renew-address"
    WITHDRAW_CALENDAR_ADDRESS = "calendars:withdraw-address"
    REMOVE_EVENT = "events:remove"
    EXPORT_NEWS = "news:export"
    EXPORT_EVENTS = "events:export"
    EXPORT_MEMBERS = "members:export"
    EXPORT_RESPONSES = "responses:export"


@dataclass(eq=False, kw_only=True)
class AuditEntry:
    """One act. It contains only ids, so erasing a member does not change it.

    `actor_id` is None when nobody was logged in; `subject_id` is the entity that the act concerned.
    """

    id: AuditEntryId
    at: datetime
    action: AuditAction
    actor_id: MemberId | None
    subject_id: UUID | None

    @classmethod
    def create(
        cls,
        *,
        action: AuditAction,
        at: datetime,
        actor_id: MemberId | None = None,
        subject_id: UUID | None = None,
    ) -> Self:
        return cls(
            id=AuditEntryId(uuid7(at)),
            at=at,
            action=action,
            actor_id=actor_id,
            subject_id=subject_id,
        )


class AuditLog(Protocol):
    def add(self, entry: AuditEntry) -> None: ...
