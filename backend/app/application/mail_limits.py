"""The limits on mails that somebody can cause, logged in or not."""

from dataclasses import dataclass
from uuid import UUID

from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.errors import LimitExceededError
from app.domain.login_attempts import MAILS, MailBudget, client_key
from app.domain.members import EmailAddress


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether another mail may go to the recipient, and whether the client may ask for more."""

    to_recipient: bool
    by_client: bool


async def may_cause_mail(
    to: EmailAddress, *, client: str, budget: MailBudget, uow: UnitOfWork, clock: Clock
) -> bool:
    """Count a request for a mail, and say whether the mail may be sent: see `count_mail`."""
    allowance = await count_mail(to, client=client, budget=budget, uow=uow, clock=clock)
    return allowance.to_recipient and allowance.by_client


async def count_mail(
    to: EmailAddress, *, client: str, budget: MailBudget, uow: UnitOfWork, clock: Clock
) -> Allowance:
    """Count a request for a mail.

    `client` is the network address that asks. The count does not depend on whether `to` has an account,
    and the caller must get the same answer either way.
    """
    keys = (budget.key_of_recipient(to.value), budget.key_of_client(client))
    received, asked = await uow.login_attempts.add(1, keys, at=clock.now(), limit=MAILS)
    return Allowance(
        to_recipient=received.attempts <= MAILS.attempts,
        by_client=asked.attempts <= budget.most_for_a_client,
    )


async def require_mail_left(to: EmailAddress, *, about: UUID, uow: UnitOfWork, clock: Clock) -> None:
    """Count a mail that somebody who is logged in causes, by recipient and by the account that it is about.

    The counts are apart from those of mails that anybody can ask for, so this cannot stop somebody else's
    recovery. They are rolled back with a refusal. Raises LimitExceededError.
    """
    keys = (
        client_key(to.value, what_for="account mail recipient"),
        client_key(str(about), what_for="account mail"),
    )
    counts = await uow.login_attempts.add(1, keys, at=clock.now(), limit=MAILS)
    waits = [count.window_ends_at - clock.now() for count in counts if count.attempts > MAILS.attempts]
    if waits:
        raise LimitExceededError(max(waits))
