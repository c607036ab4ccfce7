from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.application.access import Actor
from app.application.invitations import correct_invitation, resend_invitation, withdraw_invitation
from app.application.jobs import SendOneTimeToken
from app.application.members import Invitation, invite_member
from app.application.one_time_tokens import send_one_time_token
from app.application.passwords import PasswordReset, request_password_reset, reset_password
from app.domain.auth import OneTimeTokenError
from app.domain.errors import LimitExceededError, VersionMismatchError
from app.domain.members import (
    EmailAddress,
    EmailTakenError,
    InvitationAcceptedError,
    InvitationChanges,
    Language,
    Member,
    MemberInactiveError,
    MemberNotFoundError,
    PhoneNumber,
    Role,
)
from app.infrastructure.security.sealed_tokens import HmacOneTimeTokens
from tests.factories import NOW, PASSWORD, make_actor, make_member
from tests.fakes import (
    CountingPasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    RecordingMailer,
)

MISTYPED, RIGHT = EmailAddress("nurai@pau2.example"), EmailAddress("nuria@pau2.example")
ONE_TIME = HmacOneTimeTokens({"test": "t" * 32})


class Office:
    """An administrator who has just invited Nuria at a mistyped address."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.actor: Actor = make_actor(Role.ADMIN)

    async def invite(self) -> Member:
        invitation = Invitation(
            email=MISTYPED, full_name="Nurai", phone=None, role=Role.ADMIN, language=Language.ENGLISH
        )
        return await invite_member(invitation, actor=self.actor, uow=self.uow, clock=self.clock)

    async def resend(self, member: Member) -> None:
        await resend_invitation(member.id, actor=self.actor, uow=self.uow, clock=self.clock)

    async def correct(
        self, member: Member, changes: InvitationChanges, seen: frozenset[int] | None = None
    ) -> Member:
        return await correct_invitation(
            member.id, changes, seen=seen, actor=self.actor, uow=self.uow, clock=self.clock
        )

    async def withdraw(self, member: Member, seen: frozenset[int] | None = None) -> None:
        await withdraw_invitation(member.id, seen=seen, actor=self.actor, uow=self.uow, clock=self.clock)

    async def mails(self) -> list[tuple[EmailAddress, str, str]]:
        """Send what waits; return recipient, name and token of each mail."""
        mailer = RecordingMailer()
        for job in self.store.jobs:
            assert isinstance(job, SendOneTimeToken)
            await send_one_time_token(job, uow=self.uow, clock=self.clock, tokens=ONE_TIME, mailer=mailer)
        self.store.jobs.clear()
        return [(to, values.get("name", ""), values["token"]) for _, to, _, values, _ in mailer.sent]

    async def accept(self, token: str) -> None:
        command = PasswordReset(token=token, password=PASSWORD)
        hasher = CountingPasswordHasher()
        await reset_password(command, uow=self.uow, clock=self.clock, hasher=hasher, tokens=ONE_TIME)

    def audited(self) -> list[tuple[str, object, object]]:
        return [(entry.action, entry.actor_id, entry.subject_id) for entry in self.store.audit]


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


async def test_only_the_newest_token_works_when_sent_again(office: Office) -> None:
    member = await office.invite()
    [(_, _, first)] = await office.mails()
    office.clock.move(timedelta(days=8))

    await office.resend(member)

    [(to, _, second)] = await office.mails()
    assert to == MISTYPED
    with pytest.raises(OneTimeTokenError):
        await office.accept(first)
    await office.accept(second)
    assert office.audited()[1] == ("members:resend-invitation", office.actor.member_id, member.id)


async def test_mail_goes_to_the_right_address_and_the_old_token_is_void_when_corrected(
    office: Office,
) -> None:
    member = await office.invite()
    [(_, _, first)] = await office.mails()

    changes: InvitationChanges = {
        "email": RIGHT,
        "full_name": "Nuria",
        "role": Role.MEMBER,
        "phone": PhoneNumber("+34600111222"),
        "language": Language.SPANISH,
    }
    await office.correct(member, changes)

    stored = office.store.members[member.id]
    assert {name: getattr(stored, name) for name in changes} == changes
    [(to, name, second)] = await office.mails()
    assert (to, name) == (RIGHT, "Nuria")
    with pytest.raises(OneTimeTokenError):
        await office.accept(first)
    await office.accept(second)
    assert office.store.members[member.id].may_log_in
    assert office.audited()[1] == ("members:correct-invitation", office.actor.member_id, member.id)


async def test_whoever_reads_the_wrong_mailbox_has_nothing_when_corrected(office: Office) -> None:
    """Before the correction that person can ask for a new password as well, and prove the address."""
    member = await office.invite()
    await request_password_reset(MISTYPED, client="203.0.113.7", uow=office.uow, clock=office.clock)
    tokens = [token for _, _, token in await office.mails()]
    office.store.members[member.id].verify_email(NOW)

    await office.correct(member, {"email": RIGHT})

    for token in tokens:
        with pytest.raises(OneTimeTokenError):
            await office.accept(token)
    assert office.store.members[member.id].email_verified_at is None


async def test_sends_and_records_nothing_when_nothing_is_corrected(office: Office) -> None:
    member = await office.invite()
    await office.mails()

    corrected = await office.correct(member, {})

    assert (corrected.version, await office.mails()) == (1, [])
    assert [action for action, _, _ in office.audited()] == ["members:invite"]


async def test_address_is_free_and_the_token_void_when_withdrawn(office: Office) -> None:
    member = await office.invite()
    [(_, _, token)] = await office.mails()

    await office.withdraw(member)

    assert office.store.members[member.id].erased_at == NOW
    with pytest.raises(OneTimeTokenError):
        await office.accept(token)
    with pytest.raises(MemberNotFoundError):
        await office.resend(member)
    assert office.audited()[1] == ("members:withdraw-invitation", office.actor.member_id, member.id)
    await office.invite()


async def test_refuses_when_the_invitation_was_accepted(office: Office) -> None:
    member = make_member()
    office.store.members[member.id] = member
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: office.resend(member),
        lambda: office.correct(member, {"full_name": "Nuria"}),
        lambda: office.correct(member, {}),
        lambda: office.withdraw(member),
    ]

    for attempt in attempts:
        with pytest.raises(InvitationAcceptedError):
            await attempt()
    assert office.audited() == []


async def test_refuses_to_mail_when_the_account_is_closed_but_lets_it_be_withdrawn(office: Office) -> None:
    member = await office.invite()
    office.store.members[member.id].is_active = False

    with pytest.raises(MemberInactiveError):
        await office.resend(member)
    with pytest.raises(MemberInactiveError):
        await office.correct(member, {"email": RIGHT})
    await office.withdraw(member)


async def test_refuses_when_another_member_has_the_corrected_address(office: Office) -> None:
    member = await office.invite()
    other = make_member(email=RIGHT)
    office.store.members[other.id] = other

    with pytest.raises(EmailTakenError):
        await office.correct(member, {"email": RIGHT})


async def test_refuses_when_the_invitation_changed_in_the_meantime(office: Office) -> None:
    member = await office.invite()

    with pytest.raises(VersionMismatchError):
        await office.correct(member, {"email": RIGHT}, seen=frozenset({7}))
    with pytest.raises(VersionMismatchError):
        await office.withdraw(member, seen=frozenset({7}))


async def test_asks_to_wait_when_five_mails_were_sent_again(office: Office) -> None:
    """By invitation, so that correcting the address back and forth sends no more."""
    member = await office.invite()
    for address in (RIGHT, MISTYPED, RIGHT):
        await office.correct(member, {"email": address})
    for _ in range(2):
        await office.resend(member)

    with pytest.raises(LimitExceededError) as refused:
        await office.resend(member)
    with pytest.raises(LimitExceededError):
        await office.correct(member, {"email": EmailAddress("third@pau2.example")})
    assert refused.value.retry_after == timedelta(minutes=30)
    office.clock.move(timedelta(minutes=30))
    await office.resend(member)
