"""Mails that tell members what happened to their account, and the limit on mails that anybody can cause."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.application.ports import Mailer, MailTemplate
from app.domain.jobs import SendAccountExistsNotice, SendNotice, SendPasswordChangedNotice
from app.domain.login_attempts import MAILS, MailBudget
from app.domain.members import EmailAddress
from app.domain.ports import Clock, UnitOfWork

NOTICES: Mapping[type[SendNotice], MailTemplate] = MappingProxyType(
    {
        SendAccountExistsNotice: MailTemplate.ACCOUNT_EXISTS,
        SendPasswordChangedNotice: MailTemplate.CREDENTIALS_CHANGED,
    }
)


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


async def send_notice(job: SendNotice, *, uow: UnitOfWork, mailer: Mailer) -> None:
    """Send the mail for this kind of notice, unless the member was erased in the meantime."""
    async with uow:
        member = await uow.members.find(job.member_id)
    if member is not None:
        await mailer.send(
            NOTICES[type(job)],
            to=member.email,
            language=member.language,
            values={"name": member.full_name},
            mail_id=job.notice_id,
        )
