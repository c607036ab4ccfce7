"""The policy: one table of roles and actions. Use cases check it, and each route is bound to a row.

OWASP ASVS 5.0 8.1.1 (documented rules), 8.2.1 and 8.3.1 (enforced on the server side).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from app.domain.auth import SessionId
from app.domain.errors import ForbiddenError, UnauthenticatedError
from app.domain.members.member import MemberId, Role


class ReauthenticationRequiredError(ForbiddenError):
    code: ClassVar[str] = "reauthentication_required"
    detail: ClassVar[str] = "Enter your password again, then retry within the hour."


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The caller: an active, verified member, read from the database for this request.

    `authenticated_at` is when the password was last entered in this session.
    """

    member_id: MemberId
    role: Role
    session_id: SessionId
    authenticated_at: datetime


class Action(StrEnum):
    READ_PUBLIC_NEWS = "news:read-public"
    READ_INTERNAL_NEWS = "news:read-internal"
    READ_UNPUBLISHED_NEWS = "news:read-unpublished"
    WRITE_NEWS = "news:write"
    EXPORT_NEWS = "news:export"
    READ_OWN_MEMBER = "members:read-own"
    EDIT_OWN_MEMBER = "members:edit-own"
    READ_MEMBERS = "members:read"
    EDIT_MEMBERS = "members:edit"
    INVITE_MEMBERS = "members:invite"
    RESEND_INVITATIONS = "members:resend-invitation"
    CORRECT_INVITATIONS = "members:correct-invitation"
    WITHDRAW_INVITATIONS = "members:withdraw-invitation"
    SET_ROLES = "members:set-role"
    DEACTIVATE_MEMBERS = "members:deactivate"
    ACTIVATE_MEMBERS = "members:activate"
    READ_OWN_DATA = "members:read-own-data"
    ERASE_OWN_MEMBER = "members:erase-own"
    ERASE_MEMBERS = "members:erase"
    EXPORT_MEMBERS = "members:export"
    READ_PUBLIC_EVENTS = "events:read-public"
    READ_MEMBERS_EVENTS = "events:read-members"
    READ_BOARD_EVENTS = "events:read-board"
    WRITE_EVENTS = "events:write"
    READ_CALENDAR_ADDRESS = "calendars:read-address"
    RENEW_CALENDAR_ADDRESS = "calendars:renew-address"
    WITHDRAW_CALENDAR_ADDRESS = "calendars:withdraw-address"
    READ_SUBSCRIBED_CALENDAR = "calendars:read"
    EXPORT_EVENTS = "events:export"
    REGISTER = "auth:register"
    LOG_IN = "auth:log-in"
    READ_OWN_SESSIONS = "auth:read-sessions"
    END_OWN_SESSIONS = "auth:end-sessions"
    RECOVER_ACCOUNT = "auth:recover-account"
    CHANGE_CREDENTIALS = "auth:change-password"
    CHANGE_EMAIL = "auth:change-email"
    CONFIRM_EMAIL = "auth:confirm-email"
    CHECK_HEALTH = "ops:health"
    READ_CONSULTATIONS = "consultations:read"
    READ_MEMBERS_CONSULTATIONS = "consultations:read-members"
    READ_EVERY_CONSULTATION = "consultations:read-every"
    ANSWER_CONSULTATIONS = "consultations:answer"
    READ_RESULTS = "consultations:read-results"
    READ_PRIVATE_RESULTS = "consultations:read-private-results"
    WRITE_CONSULTATIONS = "consultations:write"
    EXPORT_RESPONSES = "responses:export"
    READ_AUDIT_LOG = "audit:read"
    READ_METRICS = "ops:metrics"
    READ_PROBLEMS = "ops:problems"


@dataclass(frozen=True, slots=True)
class Rule:
    """The minimum role of an action (None: anybody, logged in or not).

    `max_password_age` limits the time since the password was entered (ASVS 5.0 7.5.3).
    """

    minimum_role: Role | None
    max_password_age: timedelta | None = None

    def allows(self, role: Role | None) -> bool:
        """Return whether the role suffices, regardless of when the password was entered."""
        return self.minimum_role is None or (role is not None and role.at_least(self.minimum_role))

    def require(self, actor: Actor | None, *, at: datetime | None) -> None:
        """Raises the errors of `authorize`."""
        if not self.allows(None if actor is None else actor.role):
            raise UnauthenticatedError if actor is None else ForbiddenError
        if self.max_password_age is None:
            return
        if actor is None or at is None or at - actor.authenticated_at > self.max_password_age:
            raise ReauthenticationRequiredError


POLICY: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.READ_PUBLIC_NEWS: Rule(None),
        Action.READ_INTERNAL_NEWS: Rule(Role.MEMBER),
        Action.READ_UNPUBLISHED_NEWS: Rule(Role.BOARD_MEMBER),
        Action.WRITE_NEWS: Rule(Role.BOARD_MEMBER),
        Action.EXPORT_NEWS: Rule(Role.BOARD_MEMBER),
        Action.READ_OWN_MEMBER: Rule(Role.SUPPORTER),
        Action.EDIT_OWN_MEMBER: Rule(Role.SUPPORTER),
        Action.READ_MEMBERS: Rule(Role.BOARD_MEMBER),
        Action.EDIT_MEMBERS: Rule(Role.ADMIN),
        Action.INVITE_MEMBERS: Rule(Role.ADMIN),
        Action.RESEND_INVITATIONS: Rule(Role.ADMIN),
        Action.CORRECT_INVITATIONS: Rule(Role.ADMIN),
        Action.WITHDRAW_INVITATIONS: Rule(Role.ADMIN),
        Action.SET_ROLES: Rule(Role.ADMIN),
        Action.DEACTIVATE_MEMBERS: Rule(Role.ADMIN),
        Action.ACTIVATE_MEMBERS: Rule(Role.ADMIN),
        Action.READ_OWN_DATA: Rule(Role.SUPPORTER),
        Action.ERASE_OWN_MEMBER: Rule(Role.SUPPORTER, max_password_age=timedelta(hours=1)),
        Action.ERASE_MEMBERS: Rule(Role.ADMIN, max_password_age=timedelta(hours=1)),
        Action.EXPORT_MEMBERS: Rule(Role.ADMIN, max_password_age=timedelta(hours=1)),
        Action.READ_PUBLIC_EVENTS: Rule(None),
        Action.READ_MEMBERS_EVENTS: Rule(Role.MEMBER),
        Action.READ_BOARD_EVENTS: Rule(Role.BOARD_MEMBER),
        Action.WRITE_EVENTS: Rule(Role.BOARD_MEMBER),
        Action.READ_CALENDAR_ADDRESS: Rule(Role.SUPPORTER),
        Action.RENEW_CALENDAR_ADDRESS: Rule(Role.SUPPORTER),
        Action.WITHDRAW_CALENDAR_ADDRESS: Rule(Role.SUPPORTER),
        Action.READ_SUBSCRIBED_CALENDAR: Rule(None),
        Action.EXPORT_EVENTS: Rule(Role.BOARD_MEMBER),
        Action.REGISTER: Rule(None),
        Action.LOG_IN: Rule(None),
        Action.READ_OWN_SESSIONS: Rule(Role.SUPPORTER),
        Action.END_OWN_SESSIONS: Rule(Role.SUPPORTER),
        Action.RECOVER_ACCOUNT: Rule(None),
        Action.CHANGE_CREDENTIALS: Rule(Role.SUPPORTER),
        Action.CHANGE_EMAIL: Rule(Role.SUPPORTER, max_password_age=timedelta(hours=1)),
        Action.CONFIRM_EMAIL: Rule(None),
        Action.CHECK_HEALTH: Rule(None),
        Action.READ_CONSULTATIONS: Rule(Role.SUPPORTER),
        Action.READ_MEMBERS_CONSULTATIONS: Rule(Role.MEMBER),
        Action.READ_EVERY_CONSULTATION: Rule(Role.BOARD_MEMBER),
        Action.ANSWER_CONSULTATIONS: Rule(Role.SUPPORTER),
        Action.READ_RESULTS: Rule(Role.SUPPORTER),
        Action.READ_PRIVATE_RESULTS: Rule(Role.BOARD_MEMBER),
        Action.WRITE_CONSULTATIONS: Rule(Role.BOARD_MEMBER),
        Action.EXPORT_RESPONSES: Rule(Role.BOARD_MEMBER),
        Action.READ_AUDIT_LOG: Rule(Role.ADMIN),
        Action.READ_METRICS: Rule(None),
        Action.READ_PROBLEMS: Rule(None),
    }
)


def is_allowed(actor: Actor | None, action: Action) -> bool:
    """Return whether the actor's role suffices."""
    return role_is_allowed(None if actor is None else actor.role, action)


def role_is_allowed(role: Role | None, action: Action) -> bool:
    """Return whether a role suffices; None is an anonymous caller."""
    return POLICY[action].allows(role)


def authorize(actor: Actor | None, action: Action, *, at: datetime | None = None) -> None:
    """Raise an error unless the actor may act at the instant `at`.

    Raises UnauthenticatedError, ForbiddenError or ReauthenticationRequiredError. An action that
    needs a recent password is refused when `at` is not given.
    """
    POLICY[action].require(actor, at=at)
