from datetime import timedelta

import pytest

from app.application.access import ReauthenticationRequiredError
from app.application.email_changes import (
    confirm_email_change,
    request_email_change,
    send_email_change_notice,
    send_email_change_token,
)
from app.application.jobs import SendEmailChangeNotice, SendEmailChangeToken
from app.application.one_time_tokens import issue_and_mail
from app.application.passwords import PasswordChange, change_password, request_password_reset
from app.application.ports import MailTemplate
from app.application.retention import delete_expired_credentials
from app.domain.auth import OneTimePurpose, OneTimeTokenError, OneTimeTokenId, Session
from app.domain.email_changes import EmailChange
from app.domain.errors import LimitExceededError
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import (
    NO_PASSWORD,
    EmailTakenError,
    Language,
    Role,
)
from app.infrastructure.security.signed_tokens import HmacEmailChangeTokens, HmacOneTimeTokens
from tests.factories import NOW, PASSWORD, make_actor, make_email_change, make_member, make_session
from tests.fakes import (
    FixedClock,
)
from tests.support.accounts import KEYS, InMemoryAccounts

TOKENS = HmacEmailChangeTokens(KEYS)
OLD = EmailAddress("marta@pau2.example")
NEW = EmailAddress("moved@pau2.example")


class EmailChangeDriver(InMemoryAccounts):
    """Calls the use cases of email changes as Marta."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.marta = self.given(
            make_member(email=OLD, password_hash=f"hash:{PASSWORD}", language=Language.SPANISH)
        )
        self.session = self.logged_in()
        self.actor = make_actor(Role.SUPPORTER, member_id=self.marta.id, session_id=self.session.id)

    def logged_in(self) -> Session:
        session = make_session(self.marta)
        self.store.sessions[session.id] = session
        return session

    async def request(self, email: EmailAddress = NEW) -> EmailChange:
        """Request the change, and return it as stored."""
        await request_email_change(email, actor=self.actor, uow=self.uow, clock=self.clock)
        return list(self.store.email_changes.values())[-1]

    async def confirm(self, change: EmailChange) -> None:
        text = TOKENS.text(change.id)
        await confirm_email_change(text, uow=self.uow, clock=self.clock, tokens=TOKENS)

    async def mails(self) -> list[tuple[MailTemplate, EmailAddress]]:
        """Run the waiting jobs. Return the template and the recipient of each mail."""
        self.mailer.sent.clear()
        for job in self.store.jobs:
            if isinstance(job, SendEmailChangeToken):
                await send_email_change_token(
                    job, uow=self.uow, clock=self.clock, tokens=TOKENS, mailer=self.mailer
                )
            elif isinstance(job, SendEmailChangeNotice):
                await send_email_change_notice(job, uow=self.uow, mailer=self.mailer)
        self.store.jobs.clear()
        return [mail[:2] for mail in self.mailer.sent]

    def address(self) -> EmailAddress:
        return self.store.members[self.marta.id].email


@pytest.fixture
def driver(clock: FixedClock) -> EmailChangeDriver:
    return EmailChangeDriver(clock)


async def test_changes_address_and_mails_both_when_confirmed(driver: EmailChangeDriver) -> None:
    change = await driver.request()

    assert driver.address() == OLD
    assert await driver.mails() == [
        (MailTemplate.EMAIL_CHANGE, NEW),
        (MailTemplate.EMAIL_CHANGE_REQUESTED, OLD),
    ]
    assert driver.mailer.sent[0][2:4] == (Language.SPANISH, {"token": TOKENS.text(change.id)})
    assert len({mail[4] for mail in driver.mailer.sent}) == 2

    driver.clock.move(timedelta(hours=23, minutes=59))
    await driver.confirm(change)

    assert driver.address() == NEW
    assert driver.store.members[driver.marta.id].email_verified_at == driver.clock.now()
    assert await driver.mails() == [(MailTemplate.EMAIL_CHANGED, OLD)]
    assert driver.actions() == ["auth:change-email", "auth:confirm-email"]
    assert [entry.actor_id for entry in driver.store.audit] == [driver.marta.id, None]
    assert {entry.subject_id for entry in driver.store.audit} == {driver.marta.id}


async def test_other_sessions_and_mailed_tokens_end_when_confirmed(driver: EmailChangeDriver) -> None:
    other = driver.logged_in()
    async with driver.uow as uow:
        await issue_and_mail(driver.marta, OneTimePurpose.RECOVERY, uow=uow, at=driver.clock.now())
        await uow.commit()

    await driver.confirm(await driver.request())

    sessions = driver.store.sessions
    assert (sessions[driver.session.id].revoked_at, sessions[other.id].revoked_at) == (None, NOW)
    assert driver.store.one_time_tokens == {}


async def test_changes_nothing_when_the_same_token_comes_again(driver: EmailChangeDriver) -> None:
    change = await driver.request()
    await driver.confirm(change)
    actions = driver.actions()

    driver.clock.move(timedelta(days=2))
    await driver.confirm(change)

    assert (driver.address(), driver.actions()) == (NEW, actions)


async def test_refuses_a_used_token_when_the_address_changed_again(driver: EmailChangeDriver) -> None:
    change = await driver.request()
    await driver.confirm(change)
    await driver.confirm(await driver.request(OLD))

    with pytest.raises(OneTimeTokenError):
        await driver.confirm(change)
    assert driver.address() == OLD


async def test_refuses_the_token_when_it_is_too_old_or_replaced(driver: EmailChangeDriver) -> None:
    replaced = await driver.request(EmailAddress("mistyped@pau2.example"))
    late = await driver.request()
    driver.clock.move(timedelta(hours=24))

    for change in (replaced, late):
        with pytest.raises(OneTimeTokenError):
            await driver.confirm(change)
    assert driver.address() == OLD
    assert (await driver.mails())[0] == (MailTemplate.EMAIL_CHANGE_REQUESTED, OLD)


async def test_refuses_what_is_no_token_of_a_change_when_confirmed(driver: EmailChangeDriver) -> None:
    change = await driver.request()
    recovery = HmacOneTimeTokens(KEYS).text(OneTimeTokenId(change.id), OneTimePurpose.RECOVERY)
    unknown = make_email_change(driver.marta)

    for text in ("", "x" * 64, TOKENS.text(unknown.id), recovery):
        with pytest.raises(OneTimeTokenError):
            await confirm_email_change(text, uow=driver.uow, clock=driver.clock, tokens=TOKENS)


@pytest.mark.parametrize("how", ["new password", "current address"])
async def test_change_is_withdrawn_when_the_owner_objects(how: str, driver: EmailChangeDriver) -> None:
    change = await driver.request()

    if how == "new password":
        command = PasswordChange(current_password=PASSWORD, password="seven herons at dawn")
        await change_password(
            command, actor=driver.actor, uow=driver.uow, clock=driver.clock, hasher=driver.hasher
        )
    else:
        await request_email_change(OLD, actor=driver.actor, uow=driver.uow, clock=driver.clock)

    with pytest.raises(OneTimeTokenError):
        await driver.confirm(change)
    assert await driver.mails() == []


async def test_refuses_the_token_when_the_account_was_closed(driver: EmailChangeDriver) -> None:
    change = await driver.request()
    driver.store.members[driver.marta.id].deactivate(admins=frozenset(), at=NOW)

    with pytest.raises(OneTimeTokenError):
        await driver.confirm(change)


async def test_asks_for_the_password_when_it_was_entered_an_hour_ago(driver: EmailChangeDriver) -> None:
    driver.clock.move(timedelta(hours=1, seconds=1))

    with pytest.raises(ReauthenticationRequiredError):
        await driver.request()


# Addresses that are taken


@pytest.mark.parametrize("is_active", [True, False])
async def test_mails_the_owner_when_another_member_has_the_address(
    is_active: bool, driver: EmailChangeDriver
) -> None:
    owner = driver.given(make_member(email=NEW, language=Language.ENGLISH))
    owner.is_active = is_active

    change = await driver.request()

    assert await driver.mails() == [
        (MailTemplate.EMAIL_CHANGE_CONFLICT, NEW),
        (MailTemplate.EMAIL_CHANGE_REQUESTED, OLD),
    ]
    assert driver.mailer.sent[0][2:4] == (owner.language, {})
    with pytest.raises(EmailTakenError):
        await driver.confirm(change)
    assert driver.address() == OLD


async def test_leaves_same_traces_when_address_is_taken_or_free(clock: FixedClock) -> None:
    free = EmailChangeDriver(clock)
    taken = EmailChangeDriver(clock)
    taken.given(make_member(email=NEW))

    for driver in (free, taken):
        await driver.request()

    def traces(driver: EmailChangeDriver) -> list[object]:
        kinds = [type(job).__name__ for job in driver.store.jobs]
        return [kinds, driver.actions(), len(driver.store.email_changes), len(driver.store.rate_limits)]

    assert traces(free) == traces(taken)


async def test_refuses_the_address_when_its_owner_proved_it_first(driver: EmailChangeDriver) -> None:
    change = await driver.request()
    driver.given(make_member(email=NEW))

    with pytest.raises(EmailTakenError):
        await driver.confirm(change)
    assert (driver.address(), driver.store.email_changes[change.id].confirmed_at) == (OLD, None)


@pytest.mark.parametrize("password_hash", [NO_PASSWORD, "hash:of a stranger"])
async def test_account_that_proved_nothing_makes_way_when_confirmed(
    password_hash: str, driver: EmailChangeDriver
) -> None:
    """The account is an invitation that nobody accepted, or an unverified registration."""
    squatter = driver.given(make_member(email=NEW, email_verified_at=None, password_hash=password_hash))

    change = await driver.request()
    assert (await driver.mails())[0] == (MailTemplate.EMAIL_CHANGE, NEW)
    await driver.confirm(change)

    assert driver.address() == NEW
    assert driver.store.members[squatter.id].erased_at == NOW
    assert driver.actions() == ["auth:change-email", "members:erase-unproven", "auth:confirm-email"]


# Limits and retention


async def test_asks_to_wait_when_a_member_asked_for_five_mails(driver: EmailChangeDriver) -> None:
    for number in range(5):
        await driver.request(EmailAddress(f"moved{number}@pau2.example"))

    with pytest.raises(LimitExceededError) as refused:
        await driver.request()
    assert refused.value.retry_after == timedelta(minutes=30)

    driver.clock.move(timedelta(minutes=30))
    await driver.request()


async def test_allows_reset_when_others_used_up_mails_to_the_address(driver: EmailChangeDriver) -> None:
    owner = driver.given(make_member(email=NEW))
    for _ in range(5):
        await driver.request()
    driver.store.jobs.clear()

    await request_password_reset(NEW, client="203.0.113.7", uow=driver.uow, clock=driver.clock)

    [token] = driver.store.one_time_tokens.values()
    assert (token.member_id, len(driver.store.jobs)) == (owner.id, 1)


async def test_forgets_changes_when_they_expired_thirty_days_ago(driver: EmailChangeDriver) -> None:
    change = await driver.request()

    driver.clock.move(timedelta(days=31))
    await delete_expired_credentials(uow=driver.uow, clock=driver.clock)
    assert change.id in driver.store.email_changes

    driver.clock.move(timedelta(seconds=1))
    await delete_expired_credentials(uow=driver.uow, clock=driver.clock)
    assert driver.store.email_changes == {}


async def test_sends_nothing_when_the_member_was_erased(driver: EmailChangeDriver) -> None:
    await driver.request()
    driver.store.members[driver.marta.id].erase(admins=frozenset(), at=NOW)

    assert await driver.mails() == []
