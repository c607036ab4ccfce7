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
from app.application.one_time_tokens import hand_out
from app.application.passwords import PasswordChange, change_password, request_password_reset
from app.application.ports import MailTemplate
from app.application.retention import forget_old_proofs
from app.domain.auth import OneTimePurpose, OneTimeTokenError, OneTimeTokenId, Session
from app.domain.email_changes import EmailChange
from app.domain.errors import LimitExceededError
from app.domain.members import NO_PASSWORD, EmailAddress, EmailTakenError, Language, Member, Role
from app.infrastructure.security.sealed_tokens import HmacEmailChangeTokens, HmacOneTimeTokens
from tests.factories import NOW, PASSWORD, make_actor, make_email_change, make_member, make_session
from tests.fakes import (
    CountingPasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    RecordingMailer,
)

KEYS = {"test": "t" * 32}
TOKENS = HmacEmailChangeTokens(KEYS)
OLD, NEW = EmailAddress("marta@pau2.example"), EmailAddress("moved@pau2.example")


class Office:
    """The ports of all use cases here, and shorthands for calling them as Marta."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.mailer = RecordingMailer()
        self.hasher = CountingPasswordHasher()
        self.marta = self.given(
            make_member(email=OLD, password_hash=f"hash:{PASSWORD}", language=Language.SPANISH)
        )
        self.session = self.logged_in()
        self.actor = make_actor(Role.SUPPORTER, member_id=self.marta.id, session_id=self.session.id)

    def given(self, member: Member) -> Member:
        self.store.members[member.id] = member
        return member

    def logged_in(self) -> Session:
        session = make_session(self.marta)
        self.store.sessions[session.id] = session
        return session

    async def request(self, email: EmailAddress = NEW) -> EmailChange:
        """Return the change as it is stored."""
        await request_email_change(email, actor=self.actor, uow=self.uow, clock=self.clock)
        return list(self.store.email_changes.values())[-1]

    async def confirm(self, change: EmailChange) -> None:
        text = TOKENS.text(change.id)
        await confirm_email_change(text, uow=self.uow, clock=self.clock, tokens=TOKENS)

    async def mails(self) -> list[tuple[MailTemplate, EmailAddress]]:
        """Send what waits; return which template went to whom."""
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

    def actions(self) -> list[str]:
        return [entry.action for entry in self.store.audit]


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


async def test_address_counts_once_confirmed_and_both_are_told_when_changed(office: Office) -> None:
    change = await office.request()

    assert office.address() == OLD
    assert await office.mails() == [
        (MailTemplate.EMAIL_CHANGE, NEW),
        (MailTemplate.EMAIL_CHANGE_REQUESTED, OLD),
    ]
    assert office.mailer.sent[0][2:4] == (Language.SPANISH, {"token": TOKENS.text(change.id)})
    assert len({mail[4] for mail in office.mailer.sent}) == 2

    office.clock.move(timedelta(hours=23, minutes=59))
    await office.confirm(change)

    assert office.address() == NEW
    assert office.store.members[office.marta.id].email_verified_at == office.clock.now()
    assert await office.mails() == [(MailTemplate.EMAIL_CHANGED, OLD)]
    assert office.actions() == ["auth:change-email", "auth:confirm-email"]
    assert [entry.actor_id for entry in office.store.audit] == [office.marta.id, None]
    assert {entry.subject_id for entry in office.store.audit} == {office.marta.id}


async def test_other_sessions_and_mailed_tokens_end_when_confirmed(office: Office) -> None:
    other = office.logged_in()
    async with office.uow as uow:
        await hand_out(office.marta, OneTimePurpose.RECOVERY, uow=uow, clock=office.clock)
        await uow.commit()

    await office.confirm(await office.request())

    sessions = office.store.sessions
    assert (sessions[office.session.id].revoked_at, sessions[other.id].revoked_at) == (None, NOW)
    assert office.store.one_time_tokens == {}


async def test_changes_nothing_when_the_same_token_comes_again(office: Office) -> None:
    change = await office.request()
    await office.confirm(change)
    actions = office.actions()

    office.clock.move(timedelta(days=2))
    await office.confirm(change)

    assert (office.address(), office.actions()) == (NEW, actions)


async def test_refuses_a_used_token_when_the_address_changed_again(office: Office) -> None:
    change = await office.request()
    await office.confirm(change)
    await office.confirm(await office.request(OLD))

    with pytest.raises(OneTimeTokenError):
        await office.confirm(change)
    assert office.address() == OLD


async def test_refuses_the_token_when_it_is_too_old_or_replaced(office: Office) -> None:
    replaced = await office.request(EmailAddress("mistyped@pau2.example"))
    late = await office.request()
    office.clock.move(timedelta(hours=24))

    for change in (replaced, late):
        with pytest.raises(OneTimeTokenError):
            await office.confirm(change)
    assert office.address() == OLD
    assert (await office.mails())[0] == (MailTemplate.EMAIL_CHANGE_REQUESTED, OLD)


async def test_refuses_what_is_no_token_of_a_change_when_confirmed(office: Office) -> None:
    change = await office.request()
    recovery = HmacOneTimeTokens(KEYS).text(OneTimeTokenId(change.id), OneTimePurpose.RECOVERY)
    unknown = make_email_change(office.marta)

    for text in ("", "x" * 64, TOKENS.text(unknown.id), recovery):
        with pytest.raises(OneTimeTokenError):
            await confirm_email_change(text, uow=office.uow, clock=office.clock, tokens=TOKENS)


@pytest.mark.parametrize("how", ["new password", "current address"])
async def test_change_is_withdrawn_when_the_owner_objects(how: str, office: Office) -> None:
    change = await office.request()

    if how == "new password":
        command = PasswordChange(current_password=PASSWORD, password="seven herons at dawn")
        await change_password(
            command, actor=office.actor, uow=office.uow, clock=office.clock, hasher=office.hasher
        )
    else:
        await request_email_change(OLD, actor=office.actor, uow=office.uow, clock=office.clock)

    with pytest.raises(OneTimeTokenError):
        await office.confirm(change)
    assert await office.mails() == []


async def test_refuses_the_token_when_the_account_was_closed(office: Office) -> None:
    change = await office.request()
    office.store.members[office.marta.id].deactivate(admins=frozenset(), at=NOW)

    with pytest.raises(OneTimeTokenError):
        await office.confirm(change)


async def test_asks_for_the_password_when_it_was_entered_an_hour_ago(office: Office) -> None:
    office.clock.move(timedelta(hours=1, seconds=1))

    with pytest.raises(ReauthenticationRequiredError):
        await office.request()


# Addresses that are taken


@pytest.mark.parametrize("is_active", [True, False])
async def test_tells_the_owner_instead_when_another_member_has_the_address(
    is_active: bool, office: Office
) -> None:
    owner = office.given(make_member(email=NEW, language=Language.ENGLISH))
    owner.is_active = is_active

    change = await office.request()

    assert await office.mails() == [
        (MailTemplate.EMAIL_CHANGE_CONFLICT, NEW),
        (MailTemplate.EMAIL_CHANGE_REQUESTED, OLD),
    ]
    assert office.mailer.sent[0][2:4] == (owner.language, {})
    with pytest.raises(EmailTakenError):
        await office.confirm(change)
    assert office.address() == OLD


async def test_leaves_the_same_traces_when_the_address_is_taken_or_free(clock: FixedClock) -> None:
    free, taken = Office(clock), Office(clock)
    taken.given(make_member(email=NEW))

    for office in (free, taken):
        await office.request()

    def traces(office: Office) -> list[object]:
        kinds = [type(job).__name__ for job in office.store.jobs]
        return [kinds, office.actions(), len(office.store.email_changes), len(office.store.login_attempts)]

    assert traces(free) == traces(taken)


async def test_refuses_the_address_when_its_owner_proved_it_first(office: Office) -> None:
    change = await office.request()
    office.given(make_member(email=NEW))

    with pytest.raises(EmailTakenError):
        await office.confirm(change)
    assert (office.address(), office.store.email_changes[change.id].confirmed_at) == (OLD, None)


@pytest.mark.parametrize("password_hash", [NO_PASSWORD, "hash:of a stranger"])
async def test_account_that_proved_nothing_makes_way_when_confirmed(
    password_hash: str, office: Office
) -> None:
    """An invitation that nobody accepted, and a registration by whoever typed the address."""
    squatter = office.given(make_member(email=NEW, email_verified_at=None, password_hash=password_hash))

    change = await office.request()
    assert (await office.mails())[0] == (MailTemplate.EMAIL_CHANGE, NEW)
    await office.confirm(change)

    assert office.address() == NEW
    assert office.store.members[squatter.id].erased_at == NOW
    assert office.actions() == ["auth:change-email", "members:erase-unproven", "auth:confirm-email"]


# Limits and retention


async def test_asks_to_wait_when_a_member_asked_for_five_mails(office: Office) -> None:
    for number in range(5):
        await office.request(EmailAddress(f"moved{number}@pau2.example"))

    with pytest.raises(LimitExceededError) as refused:
        await office.request()
    assert refused.value.retry_after == timedelta(minutes=30)

    office.clock.move(timedelta(minutes=30))
    await office.request()


async def test_new_password_can_be_asked_for_when_somebody_wanted_the_address_five_times(
    office: Office,
) -> None:
    owner = office.given(make_member(email=NEW))
    for _ in range(5):
        await office.request()
    office.store.jobs.clear()

    await request_password_reset(NEW, client="203.0.113.7", uow=office.uow, clock=office.clock)

    [token] = office.store.one_time_tokens.values()
    assert (token.member_id, len(office.store.jobs)) == (owner.id, 1)


async def test_forgets_changes_when_they_expired_thirty_days_ago(office: Office) -> None:
    change = await office.request()

    office.clock.move(timedelta(days=31))
    await forget_old_proofs(uow=office.uow, clock=office.clock)
    assert change.id in office.store.email_changes

    office.clock.move(timedelta(seconds=1))
    await forget_old_proofs(uow=office.uow, clock=office.clock)
    assert office.store.email_changes == {}


async def test_sends_nothing_when_the_member_was_erased(office: Office) -> None:
    await office.request()
    office.store.members[office.marta.id].erase(admins=frozenset(), at=NOW)

    assert await office.mails() == []
