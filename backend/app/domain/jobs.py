"""The jobs. Each carries ids and nothing else: the worker reads the rest when it runs.

So no address, name or token lies in the queue, and the jobs of an erased member find nothing to do.
"""

from dataclasses import dataclass
from uuid import UUID

from app.domain.auth import OneTimeTokenId
from app.domain.email_changes import EmailChangeId
from app.domain.members import MemberId
from app.domain.ports import Job


@dataclass(frozen=True, kw_only=True)
class SendOneTimeToken(Job):
    """Mail a one-time token to its member."""

    token_id: OneTimeTokenId


@dataclass(frozen=True, kw_only=True)
class SendNotice(Job):
    """Tell a member what happened to their account. Each kind is a job of its own."""

    notice_id: UUID
    member_id: MemberId


class SendAccountExistsNotice(SendNotice):
    """Somebody tried to register with their address."""


class SendPasswordChangedNotice(SendNotice):
    """There is a new password, set by them or by somebody else (ASVS 5.0 6.3.7)."""


@dataclass(frozen=True, kw_only=True)
class SendEmailChangeToken(Job):
    """Mail the token of a change of address to the new address."""

    mail_id: UUID
    change_id: EmailChangeId


@dataclass(frozen=True, kw_only=True)
class SendEmailChangeNotice(Job):
    """Tell the old address about a change of address. Each kind is a job of its own."""

    mail_id: UUID
    change_id: EmailChangeId


class SendEmailChangeRequestedNotice(SendEmailChangeNotice):
    """Somebody who is logged in asked for the change."""


class SendEmailChangedNotice(SendEmailChangeNotice):
    """The change has taken effect."""
