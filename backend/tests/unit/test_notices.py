"""Mails that tell people something, and how many of them anybody can cause."""

from datetime import timedelta

import pytest

from app.application.auth import Registration, register_member, resend_verification
from app.application.jobs import SendAccountExistsNotice, SendNotice, SendPasswordChangedNotice
from app.application.notices import NOTICES, send_notice
from app.application.passwords import request_password_reset
from app.application.ports import MailTemplate
from app.domain.identifiers import uuid7
from app.domain.members import EmailAddress, Language
from tests.factories import NOW, PASSWORD, make_member
from tests.fakes import (
    CountingPasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    RecordingMailer,
)

ADDRESS = EmailAddress("marta@pau2.example")
CLIENT = "203.0.113.7"


class Office:
    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.hasher = CountingPasswordHasher()

    async def register(self, client: str = CLIENT, email: EmailAddress = ADDRESS) -> None:
        registration = Registration(email=email, password=PASSWORD, full_name="Marta", client=client)
        await register_member(registration, uow=self.uow, clock=self.clock, hasher=self.hasher)

    async def forget(self, client: str = CLIENT) -> None:
        await request_password_reset(ADDRESS, client=client, uow=self.uow, clock=self.clock)

    async def resend(self, email: EmailAddress = ADDRESS, client: str = CLIENT) -> None:
        await resend_verification(email, client=client, uow=self.uow, clock=self.clock)


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


@pytest.mark.parametrize("kind", NOTICES)
async def test_sends_the_notice_when_the_member_is_still_there(
    kind: type[SendNotice], office: Office
) -> None:
    member, mailer = make_member(email=ADDRESS), RecordingMailer()
    job = kind(notice_id=uuid7(NOW), member_id=member.id)

    await send_notice(job, uow=office.uow, mailer=mailer)
    assert mailer.sent == []

    office.store.members[member.id] = member
    await send_notice(job, uow=office.uow, mailer=mailer)
    values = {"name": member.full_name}
    assert mailer.sent == [(NOTICES[kind], ADDRESS, Language.ENGLISH, values, job.notice_id)]


async def test_sends_no_more_when_an_address_had_five_mails(office: Office) -> None:
    """A registration counts as well: it also puts a mail into somebody's box."""
    await office.register()
    for number in range(5):
        await office.resend(client=f"203.0.113.{number}")
    await office.register(client="203.0.113.9")
    assert len(office.store.jobs) == 5

    await office.resend(EmailAddress("another@pau2.example"))
    assert len(office.store.jobs) == 6

    office.clock.move(timedelta(minutes=30))
    await office.resend()
    assert len(office.store.jobs) == 7


async def test_sends_no_more_but_registers_when_a_client_asked_for_five_mails(office: Office) -> None:
    for number in range(7):
        await office.resend(EmailAddress(f"somebody{number}@pau2.example"))
    assert len(office.store.jobs) == 5

    await office.register()
    assert len(office.store.members) == 1
    assert len(office.store.jobs) == 6


async def test_stores_and_sends_nothing_when_a_client_has_registered_twenty(office: Office) -> None:
    for number in range(25):
        await office.register(email=EmailAddress(f"somebody{number}@pau2.example"))

    assert len(office.store.members) == 20
    assert len(office.store.jobs) == 20
    assert office.hasher.hashed == 25
    await office.register(client="203.0.113.8")
    assert len(office.store.members) == 21
    office.clock.move(timedelta(minutes=30))
    await office.register(email=EmailAddress("later@pau2.example"))
    assert len(office.store.members) == 22


async def test_recovers_an_account_when_others_registered_at_the_same_client(office: Office) -> None:
    """Nor does it matter how often strangers have registered the address."""
    member = make_member(email=ADDRESS)
    office.store.members[member.id] = member
    for number in range(25):
        await office.register(email=EmailAddress(f"somebody{number}@pau2.example"))
    for number in range(6):
        await office.register(client=f"203.0.113.{number + 10}")
    before = len(office.store.jobs)

    for _ in range(6):
        await office.forget()

    assert len(office.store.jobs) == before + 5


def test_says_what_happened_when_a_notice_is_sent() -> None:
    assert dict(NOTICES) == {
        SendAccountExistsNotice: MailTemplate.ACCOUNT_EXISTS,
        SendPasswordChangedNotice: MailTemplate.CREDENTIALS_CHANGED,
    }
