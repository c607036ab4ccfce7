"""Jobs for the worker, and the queue that stores them.

A job carries ids only, and the worker reads the rest when it runs. So the queue holds no address, name or
token, and the jobs of an erased member do nothing.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.domain.auth import OneTimeTokenId
from app.domain.email_changes import EmailChangeId
from app.domain.members.member import MemberId


@dataclass(frozen=True, kw_only=True)
class Job:
    """Work to do after the commit. Subclasses carry ids only, since jobs are stored."""


class JobQueue(Protocol):
    async def defer(self, job: Job) -> None:
        """Store the job in the current transaction: it runs if and only if that commits."""
        ...


@dataclass(frozen=True, kw_only=True)
class SendOneTimeToken(Job):
    """Mail a one-time token to its member."""

    token_id: OneTimeTokenId


@dataclass(frozen=True, kw_only=True)
class SendNotice(Job):
    """Mail a member that something happened to their account. Each kind of notice is a job class."""

    notice_id: UUID
    member_id: MemberId


class SendAccountExistsNotice(SendNotice):
    """Mail to a member whose address was used for a new registration."""


class SendPasswordChangedNotice(SendNotice):
    """The password was changed, by the member or by another person (ASVS 5.0 6.3.7)."""


@dataclass(frozen=True, kw_only=True)
class SendEmailChangeToken(Job):
    """Mail the token of a change of address to the new address."""

    mail_id: UUID
    change_id: EmailChangeId


@dataclass(frozen=True, kw_only=True)
class SendEmailChangeNotice(Job):
    """Mail the old address about a change of address. Each kind of notice is a job class."""

    mail_id: UUID
    change_id: EmailChangeId


class SendEmailChangeRequestedNotice(SendEmailChangeNotice):
    """Somebody who is logged in as the member asked for the change."""


class SendEmailChangedNotice(SendEmailChangeNotice):
    """The change has taken effect."""
