"""Mails that tell members what happened to their account."""

from collections.abc import Mapping
from types import MappingProxyType

from app.application.jobs import SendAccountExistsNotice, SendNotice, SendPasswordChangedNotice
from app.application.ports import Mailer, MailTemplate
from app.application.unit_of_work import UnitOfWork

NOTICES: Mapping[type[SendNotice], MailTemplate] = MappingProxyType(
    {
        SendAccountExistsNotice: MailTemplate.ACCOUNT_EXISTS,
        SendPasswordChangedNotice: MailTemplate.CREDENTIALS_CHANGED,
    }
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
