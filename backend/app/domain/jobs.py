"""Work that is done later by the worker, asked for in the transaction of the change that caused it.

A job carries ids and nothing else: what it needs it reads when it runs, so that no address, name
or token lies in the queue and an erased member's jobs find nothing to do.
"""

from dataclasses import dataclass
from typing import Protocol

from app.domain.auth import OneTimeTokenId
from app.domain.members import MemberId


@dataclass(frozen=True, kw_only=True)
class SendEmailVerification:
    """Mail the one-time token that proves an address."""

    token_id: OneTimeTokenId


@dataclass(frozen=True, kw_only=True)
class SendAccountExistsNotice:
    """Tell a member that somebody tried to register with their address."""

    member_id: MemberId


Job = SendEmailVerification | SendAccountExistsNotice


class JobQueue(Protocol):
    """Jobs that become visible to the worker when the unit of work commits, and never otherwise."""

    async def defer(self, job: Job) -> None: ...
