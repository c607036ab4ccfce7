"""Ownership of an account whose address is registered or invited again before verification."""

from datetime import timedelta

import pytest

from app.application.jobs import SendAccountExistsNotice
from app.application.members import Invitation, invite_member
from app.application.ports import MailTemplate
from app.application.retention import delete_expired_credentials
from app.domain.auth import InvalidGrantError, OneTimePurpose, OneTimeToken, OneTimeTokenError
from app.domain.members.member import (
    NO_PASSWORD,
    EmailTakenError,
    Language,
    Member,
    Role,
)
from tests.factories import make_actor, make_member
from tests.support.accounts import ADDRESS, InMemoryAccounts

INVITATION = Invitation(
    email=ADDRESS, full_name="Marta Soler", phone=None, role=Role.BOARD_MEMBER, language=Language.SPANISH
)


async def test_last_registration_owns_account_when_unverified(accounts: InMemoryAccounts) -> None:
    """Account pre-hijacking: a stranger registers the address before its owner does."""
    await accounts.register("another-umbrella-sings", full_name="Eve", language=Language.SPANISH)
    earlier = await accounts.mailed_token()
    accounts.clock.move(timedelta(days=3))
    await accounts.register()

    with pytest.raises(OneTimeTokenError):
        await accounts.verify(earlier)
    await accounts.verify(await accounts.mailed_token())

    with pytest.raises(InvalidGrantError):
        await accounts.log_in(password="another-umbrella-sings")
    await accounts.log_in()
    (member,) = accounts.store.members.values()
    assert (member.full_name, member.language) == ("Marta", Language.ENGLISH)
    assert (member.created_at, member.role) == (accounts.clock.now(), Role.SUPPORTER)
    assert accounts.actions()[:2] == ["auth:register", "auth:register-again"]
    assert accounts.hasher.hashed == 2


async def test_registers_without_mail_when_strangers_used_the_limit(accounts: InMemoryAccounts) -> None:
    for number in range(5):
        await accounts.register("another-umbrella-sings", client=f"203.0.113.{number + 10}")
    mailed = await accounts.mailed_token()

    await accounts.register()

    assert len(accounts.store.jobs) == 5
    await accounts.verify(mailed)
    await accounts.log_in()


async def test_inherits_no_role_when_unverified_address_reregisters(accounts: InMemoryAccounts) -> None:
    accounts.given(make_member(email=ADDRESS, role=Role.BOARD_MEMBER, email_verified_at=None))

    await accounts.register()

    (member,) = accounts.store.members.values()
    assert member.role is Role.SUPPORTER


async def test_invited_choose_own_password_when_stranger_registers(accounts: InMemoryAccounts) -> None:
    invited = accounts.given(
        make_member(email=ADDRESS, password_hash=NO_PASSWORD, role=Role.ADMIN, email_verified_at=None)
    )

    await accounts.register(full_name="Eve")

    (token,) = accounts.store.one_time_tokens.values()
    assert (token.member_id, token.purpose) == (invited.id, OneTimePurpose.INVITATION)
    member = accounts.store.members[invited.id]
    assert (member.password_hash, member.full_name) == (NO_PASSWORD, invited.full_name)
    assert (member.role, member.may_log_in) == (Role.ADMIN, False)
    assert accounts.hasher.hashed == 1
    with pytest.raises(InvalidGrantError):
        await accounts.log_in()


async def test_changes_nothing_when_account_closed_before_verification(accounts: InMemoryAccounts) -> None:
    member = make_member(email=ADDRESS, email_verified_at=None)
    member.deactivate(admins=set(), at=accounts.clock.now())
    accounts.given(member)

    await accounts.register()

    assert isinstance(accounts.store.jobs[-1], SendAccountExistsNotice)
    assert accounts.store.members[member.id].password_hash == member.password_hash


async def test_mails_no_text_of_a_stranger_when_address_is_unverified(accounts: InMemoryAccounts) -> None:
    await accounts.register(full_name="WIN 500 EUR now")

    await accounts.mailed_token()

    (_, _, _, values, _) = accounts.mailer.sent[-1]
    assert set(values) == {"token"}


async def test_invitation_is_mailed_again_when_asked_to_resend(accounts: InMemoryAccounts) -> None:
    invited = accounts.given(make_member(email=ADDRESS, password_hash=NO_PASSWORD, email_verified_at=None))

    await accounts.resend()
    await accounts.mailed_token()

    template, _, _, values, _ = accounts.mailer.sent[-1]
    assert template is MailTemplate.INVITATION
    assert values["name"] == invited.full_name


async def test_invitation_replaces_registration_when_unverified(accounts: InMemoryAccounts) -> None:
    await accounts.register(full_name="Eve")
    strangers = await accounts.mailed_token()

    invited = await invite_member(
        INVITATION, actor=make_actor(Role.ADMIN), uow=accounts.uow, clock=accounts.clock
    )

    (member,) = accounts.store.members.values()
    assert member.id == invited.id
    assert (member.full_name, member.role, member.language) == (
        "Marta Soler",
        Role.BOARD_MEMBER,
        Language.SPANISH,
    )
    assert member.awaits_acceptance
    with pytest.raises(OneTimeTokenError):
        await accounts.verify(strangers)
    (token,) = accounts.store.one_time_tokens.values()
    assert token.purpose is OneTimePurpose.INVITATION


@pytest.mark.parametrize("overrides", [{}, {"email_verified_at": None, "password_hash": NO_PASSWORD}])
async def test_refuses_invitation_when_address_is_taken_or_invited(
    overrides: dict[str, object], accounts: InMemoryAccounts
) -> None:
    accounts.given(make_member(email=ADDRESS, **overrides))

    with pytest.raises(EmailTakenError):
        await invite_member(INVITATION, actor=make_actor(Role.ADMIN), uow=accounts.uow, clock=accounts.clock)


def _members(accounts: InMemoryAccounts) -> dict[str, Member]:
    long_ago = accounts.clock.now() - timedelta(days=31)
    unproven = {"email_verified_at": None, "at": long_ago}
    return {
        "registered": make_member(**unproven),
        "invited": make_member(**unproven | {"password_hash": NO_PASSWORD}),
        "mailed again": make_member(**unproven),
        "verified": make_member(at=long_ago),
        "registered lately": make_member(email_verified_at=None, at=accounts.clock.now()),
        "erased": make_member(at=long_ago),
    }


async def test_deletes_accounts_when_unverified_for_a_month(accounts: InMemoryAccounts) -> None:
    members = _members(accounts)
    members["erased"].erase(admins=set(), at=accounts.clock.now())
    for member in members.values():
        accounts.given(member)
    for name, issued in (("registered", timedelta(days=3)), ("mailed again", timedelta(hours=1))):
        at = accounts.clock.now() - issued
        token = OneTimeToken.issue(member_id=members[name].id, purpose=OneTimePurpose.VERIFY_EMAIL, at=at)
        accounts.store.one_time_tokens[token.id] = token

    await delete_expired_credentials(uow=accounts.uow, clock=accounts.clock)

    kept = {name for name, member in members.items() if accounts.store.members[member.id].erased_at is None}
    assert kept == {"mailed again", "verified", "registered lately"}
    assert accounts.actions() == ["members:forget-unproven"] * 2
    (token,) = accounts.store.one_time_tokens.values()
    assert token.member_id == members["mailed again"].id


async def test_registers_nobody_when_mails_to_address_are_used_up(accounts: InMemoryAccounts) -> None:
    for number in range(5):
        await accounts.resend(client=f"203.0.113.{number + 10}")

    await accounts.register()

    assert accounts.store.members == {}
    assert accounts.hasher.hashed == 1
