"""Limits on the mails that people can cause, logged in or not."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.application.unit_of_work import UnitOfWork
from app.domain.errors import LimitExceededError
from app.domain.members.contact_details import EmailAddress
from app.domain.rate_limits import MAIL_LIMIT, MailBudget, client_key


@dataclass(frozen=True, slots=True)
class MailRequest:
    """A counted request for a mail: whether the recipient and the client are within their limits."""

    recipient_within_limit: bool
    client_within_limit: bool

    @property
    def mail_allowed(self) -> bool:
        return self.recipient_within_limit and self.client_within_limit


async def count_mail_request(
    to: EmailAddress, *, client: str, budget: MailBudget, uow: UnitOfWork, at: datetime
) -> MailRequest:
    """Count a request for a mail.

    `client` is the network address of the request. The count does not depend on whether `to` has an account,
    and the caller must get the same response either way.
    """
    keys = (budget.key_of_recipient(to.value), budget.key_of_client(client))
    recipient, requester = await uow.rate_limits.hit(keys, at=at, limit=MAIL_LIMIT)
    return MailRequest(
        recipient_within_limit=recipient.hits <= MAIL_LIMIT.hits,
        client_within_limit=requester.hits <= budget.max_client_requests,
    )


async def require_mail_left(to: EmailAddress, *, about: UUID, uow: UnitOfWork, at: datetime) -> None:
    """Count a mail that a logged-in member causes, by recipient and by the account that it is about.

    These counts are separate from those of mails that anybody can request, so this cannot block the recovery
    of an account. A refusal rolls them back. Raises LimitExceededError.
    """
    keys = (
        client_key(to.value, kind="account mail recipient"),
        client_key(str(about), kind="account mail"),
    )
    counts = await uow.rate_limits.hit(keys, at=at, limit=MAIL_LIMIT)
    waits = [count.window_ends_at - at for count in counts if count.hits > MAIL_LIMIT.hits]
    if waits:
        raise LimitExceededError(max(waits))
