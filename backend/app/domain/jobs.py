"""The jobs. Each carries ids and nothing else: the worker reads the rest when it runs.

So no address, name or token lies in the queue, and the jobs of an erased member find nothing to do.
"""

from dataclasses import dataclass
from uuid import UUID

from app.domain.auth import OneTimeTokenId
from app.domain.members import MemberId
from app.domain.ports import Job


@dataclass(frozen=True, kw_only=True)
class SendOneTimeToken(Job):
    """Mail a one-time token to its member."""

    token_id: OneTimeTokenId


@dataclass(frozen=True, kw_only=True)
class SendAccountExistsNotice(Job):
    """Tell a member that somebody tried to register with their address."""

    notice_id: UUID
    member_id: MemberId
