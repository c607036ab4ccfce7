"""One-time tokens: issued, mailed and redeemed."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.application.jobs import SendOneTimeToken
from app.application.ports import Clock, Mailer, MailTemplate, OneTimeTokens
from app.application.unit_of_work import UnitOfWork
from app.domain.auth import OneTimePurpose, OneTimeToken, OneTimeTokenError, OneTimeTokenId
from app.domain.identifiers import uuid7
from app.domain.members.member import Member

TEMPLATES: Mapping[OneTimePurpose, MailTemplate] = MappingProxyType(
    {
        OneTimePurpose.VERIFY_EMAIL: MailTemplate.VERIFY_EMAIL,
        OneTimePurpose.RECOVERY: MailTemplate.RECOVERY,
        OneTimePurpose.INVITATION: MailTemplate.INVITATION,
    }
)


async def issue_and_mail(
    member: Member | None, purpose: OneTimePurpose, *, uow: UnitOfWork, at: datetime
) -> None:
    """Issue a token, which replaces the member's earlier one, and queue its mail.

    Without a member, a job is queued too, so that known and unknown addresses take about the same time;
    it finds no token.
    """
    token_id = OneTimeTokenId(uuid7(at))
    if member is not None:
        token = OneTimeToken.issue(member_id=member.id, purpose=purpose, at=at)
        await uow.one_time_tokens.replace(token)
        token_id = token.id
    await uow.jobs.defer(SendOneTimeToken(token_id=token_id))


async def find_redeemable(
    text: str, *purposes: OneTimePurpose, uow: UnitOfWork, at: datetime, tokens: OneTimeTokens
) -> OneTimeToken:
    """Return the token, locked, if it can be redeemed for one of the purposes. Raises OneTimeTokenError."""
    for purpose in purposes:
        token_id = tokens.read(text, purpose)
        if token_id is not None:
            token = await uow.one_time_tokens.find_locked(token_id)
            if token is not None and token.is_redeemable(at):
                return token
    raise OneTimeTokenError


async def send_one_time_token(
    job: SendOneTimeToken,
    *,
    uow: UnitOfWork,
    clock: Clock,
    tokens: OneTimeTokens,
    mailer: Mailer,
) -> None:
    """Mail the token, unless it was redeemed or replaced meanwhile.

    Only invitations contain a name, which an administrator wrote. Other names may be a stranger's text.
    """
    async with uow:
        token = await uow.one_time_tokens.find_locked(job.token_id)
        member = await uow.members.find(token.member_id) if token is not None else None
    if token is None or member is None or not token.is_redeemable(clock.now()):
        return
    values = {"token": tokens.text(token.id, token.purpose)}
    if token.purpose is OneTimePurpose.INVITATION:
        values["name"] = member.full_name
    await mailer.send(
        TEMPLATES[token.purpose],
        to=member.email,
        language=member.language,
        values=values,
        mail_id=job.token_id,
    )
