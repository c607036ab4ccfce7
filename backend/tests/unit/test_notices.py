"""Notification mails, and the limits on how many anybody can cause."""

from datetime import timedelta

import pytest

from app.application.jobs import SendAccountExistsNotice, SendNotice, SendPasswordChangedNotice
from app.application.notices import NOTICES, send_notice
from app.application.ports import MailTemplate
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language
from tests.factories import NOW, make_member
from tests.fakes import (
    RecordingMailer,
)
from tests.support.accounts import ADDRESS, InMemoryAccounts


@pytest.mark.parametrize("kind", NOTICES)
async def test_sends_the_notice_when_the_member_is_still_there(
    kind: type[SendNotice], accounts: InMemoryAccounts
) -> None:
    member = make_member(email=ADDRESS)
    mailer = RecordingMailer()
    job = kind(notice_id=uuid7(NOW), member_id=member.id)

    await send_notice(job, uow=accounts.uow, mailer=mailer)
    assert mailer.sent == []

    accounts.store.members[member.id] = member
    await send_notice(job, uow=accounts.uow, mailer=mailer)
    values = {"name": member.full_name}
    assert mailer.sent == [(NOTICES[kind], ADDRESS, Language.ENGLISH, values, job.notice_id)]


async def test_sends_no_more_when_an_address_had_five_mails(accounts: InMemoryAccounts) -> None:
    """Registrations count too, because they also send a mail."""
    await accounts.register()
    for number in range(5):
        await accounts.resend(client=f"203.0.113.{number}")
    await accounts.register(client="203.0.113.9")
    assert len(accounts.store.jobs) == 5

    await accounts.resend(EmailAddress("another@pau2.example"))
    assert len(accounts.store.jobs) == 6

    accounts.clock.move(timedelta(minutes=30))
    await accounts.resend()
    assert len(accounts.store.jobs) == 7


async def test_registers_without_mail_when_client_asked_for_five(accounts: InMemoryAccounts) -> None:
    for number in range(7):
        await accounts.resend(EmailAddress(f"somebody{number}@pau2.example"))
    assert len(accounts.store.jobs) == 5

    await accounts.register()
    assert len(accounts.store.members) == 1
    assert len(accounts.store.jobs) == 6


async def test_stores_and_sends_nothing_when_client_registered_twenty(accounts: InMemoryAccounts) -> None:
    for number in range(25):
        await accounts.register(email=EmailAddress(f"somebody{number}@pau2.example"))

    assert len(accounts.store.members) == 20
    assert len(accounts.store.jobs) == 20
    assert accounts.hasher.hashed == 25
    await accounts.register(client="203.0.113.8")
    assert len(accounts.store.members) == 21
    accounts.clock.move(timedelta(minutes=30))
    await accounts.register(email=EmailAddress("later@pau2.example"))
    assert len(accounts.store.members) == 22


async def test_recovers_account_when_others_share_the_client(accounts: InMemoryAccounts) -> None:
    """Registrations of the address by strangers do not matter either."""
    member = make_member(email=ADDRESS)
    accounts.store.members[member.id] = member
    for number in range(25):
        await accounts.register(email=EmailAddress(f"somebody{number}@pau2.example"))
    for number in range(6):
        await accounts.register(client=f"203.0.113.{number + 10}")
    before = len(accounts.store.jobs)

    for _ in range(6):
        await accounts.forgot()

    assert len(accounts.store.jobs) == before + 5


def test_says_what_happened_when_a_notice_is_sent() -> None:
    assert dict(NOTICES) == {
        SendAccountExistsNotice: MailTemplate.ACCOUNT_EXISTS,
        SendPasswordChangedNotice: MailTemplate.CREDENTIALS_CHANGED,
    }
