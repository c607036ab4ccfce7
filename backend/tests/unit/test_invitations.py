from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.application.invitations import correct_invitation, resend_invitation, withdraw_invitation
from app.application.members import Invitation, invite_member
from app.application.passwords import request_password_reset
from app.domain.auth import OneTimeTokenError
from app.domain.errors import LimitExceededError, VersionMismatchError
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import (
    EmailTakenError,
    InvitationAcceptedError,
    InvitationChanges,
    Language,
    Member,
    MemberInactiveError,
    MemberNotFoundError,
    Role,
)
from tests.factories import NOW, make_actor, make_member
from tests.fakes import (
    FixedClock,
)
from tests.support.accounts import InMemoryAccounts

MISTYPED = EmailAddress("nurai@pau2.example")
RIGHT = EmailAddress("nuria@pau2.example")


class InvitationDriver(InMemoryAccounts):
    """Calls the use cases of invitations as an administrator."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.actor = make_actor(Role.ADMIN)

    async def invite(self) -> Member:
        invitation = Invitation(
            email=MISTYPED, full_name="Nurai", phone=None, role=Role.ADMIN, language=Language.ENGLISH
        )
        return await invite_member(invitation, actor=self.actor, uow=self.uow, clock=self.clock)

    async def resend_invitation(self, member: Member) -> None:
        await resend_invitation(member.id, actor=self.actor, uow=self.uow, clock=self.clock)

    async def correct(
        self, member: Member, changes: InvitationChanges, versions: frozenset[int] | None = None
    ) -> Member:
        return await correct_invitation(
            member.id,
            changes,
            versions=versions,
            actor=self.actor,
            uow=self.uow,
            clock=self.clock,
        )

    async def withdraw(self, member: Member, versions: frozenset[int] | None = None) -> None:
        await withdraw_invitation(
            member.id, versions=versions, actor=self.actor, uow=self.uow, clock=self.clock
        )

    async def mails(self) -> list[tuple[EmailAddress, str, str]]:
        """Run the waiting jobs. Return recipient, name and token of each mail."""
        self.mailer.sent.clear()
        for job in self.store.jobs:
            await self.run(job)
        self.store.jobs.clear()
        return [(to, values.get("name", ""), values["token"]) for _, to, _, values, _ in self.mailer.sent]

    def audited(self) -> list[tuple[str, object, object]]:
        return [(entry.action, entry.actor_id, entry.subject_id) for entry in self.store.audit]


@pytest.fixture
def driver(clock: FixedClock) -> InvitationDriver:
    return InvitationDriver(clock)


async def test_only_the_newest_token_works_when_sent_again(driver: InvitationDriver) -> None:
    member = await driver.invite()
    [(_, _, first)] = await driver.mails()
    driver.clock.move(timedelta(days=8))

    await driver.resend_invitation(member)

    [(to, _, second)] = await driver.mails()
    assert to == MISTYPED
    with pytest.raises(OneTimeTokenError):
        await driver.reset(first)
    await driver.reset(second)
    assert driver.audited()[1] == ("members:resend-invitation", driver.actor.member_id, member.id)


async def test_mails_right_address_and_voids_old_token_when_corrected(driver: InvitationDriver) -> None:
    member = await driver.invite()
    [(_, _, first)] = await driver.mails()

    changes: InvitationChanges = {
        "email": RIGHT,
        "full_name": "Nuria",
        "role": Role.MEMBER,
        "phone": PhoneNumber("+34600111222"),
        "language": Language.SPANISH,
    }
    await driver.correct(member, changes)

    stored = driver.store.members[member.id]
    assert {name: getattr(stored, name) for name in changes} == changes
    [(to, name, second)] = await driver.mails()
    assert (to, name) == (RIGHT, "Nuria")
    with pytest.raises(OneTimeTokenError):
        await driver.reset(first)
    await driver.reset(second)
    assert driver.store.members[member.id].may_log_in
    assert driver.audited()[1] == ("members:correct-invitation", driver.actor.member_id, member.id)


async def test_wrong_mailbox_gets_no_access_when_address_is_corrected(driver: InvitationDriver) -> None:
    """Before the correction, that person could request a password reset and verify the address."""
    member = await driver.invite()
    await request_password_reset(MISTYPED, client="203.0.113.7", uow=driver.uow, clock=driver.clock)
    tokens = [token for _, _, token in await driver.mails()]
    driver.store.members[member.id].verify_email(NOW)

    await driver.correct(member, {"email": RIGHT})

    for token in tokens:
        with pytest.raises(OneTimeTokenError):
            await driver.reset(token)
    assert driver.store.members[member.id].email_verified_at is None


async def test_sends_and_records_nothing_when_nothing_is_corrected(driver: InvitationDriver) -> None:
    member = await driver.invite()
    await driver.mails()

    corrected = await driver.correct(member, {})

    assert (corrected.version, await driver.mails()) == (1, [])
    assert [action for action, _, _ in driver.audited()] == ["members:invite"]


async def test_address_is_free_and_the_token_void_when_withdrawn(driver: InvitationDriver) -> None:
    member = await driver.invite()
    [(_, _, token)] = await driver.mails()

    await driver.withdraw(member)

    assert driver.store.members[member.id].erased_at == NOW
    with pytest.raises(OneTimeTokenError):
        await driver.reset(token)
    with pytest.raises(MemberNotFoundError):
        await driver.resend_invitation(member)
    assert driver.audited()[1] == ("members:withdraw-invitation", driver.actor.member_id, member.id)
    await driver.invite()


async def test_refuses_when_the_invitation_was_accepted(driver: InvitationDriver) -> None:
    member = make_member()
    driver.store.members[member.id] = member
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: driver.resend_invitation(member),
        lambda: driver.correct(member, {"full_name": "Nuria"}),
        lambda: driver.correct(member, {}),
        lambda: driver.withdraw(member),
    ]

    for attempt in attempts:
        with pytest.raises(InvitationAcceptedError):
            await attempt()
    assert driver.audited() == []


async def test_allows_withdrawal_but_no_mail_when_account_is_closed(driver: InvitationDriver) -> None:
    member = await driver.invite()
    driver.store.members[member.id].is_active = False

    with pytest.raises(MemberInactiveError):
        await driver.resend_invitation(member)
    with pytest.raises(MemberInactiveError):
        await driver.correct(member, {"email": RIGHT})
    await driver.withdraw(member)


async def test_refuses_when_another_member_has_the_corrected_address(driver: InvitationDriver) -> None:
    member = await driver.invite()
    other = make_member(email=RIGHT)
    driver.store.members[other.id] = other

    with pytest.raises(EmailTakenError):
        await driver.correct(member, {"email": RIGHT})


async def test_refuses_when_the_invitation_changed_in_the_meantime(driver: InvitationDriver) -> None:
    member = await driver.invite()

    with pytest.raises(VersionMismatchError):
        await driver.correct(member, {"email": RIGHT}, versions=frozenset({7}))
    with pytest.raises(VersionMismatchError):
        await driver.withdraw(member, versions=frozenset({7}))


async def test_asks_to_wait_when_five_mails_were_sent_again(driver: InvitationDriver) -> None:
    """The limit is per invitation: correcting the address back and forth does not send more."""
    member = await driver.invite()
    for address in (RIGHT, MISTYPED, RIGHT):
        await driver.correct(member, {"email": address})
    for _ in range(2):
        await driver.resend_invitation(member)

    with pytest.raises(LimitExceededError) as refused:
        await driver.resend_invitation(member)
    with pytest.raises(LimitExceededError):
        await driver.correct(member, {"email": EmailAddress("third@pau2.example")})
    assert refused.value.retry_after == timedelta(minutes=30)
    driver.clock.move(timedelta(minutes=30))
    await driver.resend_invitation(member)
