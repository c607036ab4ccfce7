"""Invitations accepted while an administrator corrects or withdraws them, with real commits."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.invitations import correct_invitation, withdraw_invitation
from app.application.members import Invitation, invite_member
from app.domain.auth import OneTimePurpose, OneTimeTokenError
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import (
    InvitationAcceptedError,
    Language,
    Member,
    Role,
)
from tests.factories import make_actor
from tests.support.concurrency import ConcurrentAccounts, gather_results

MISTYPED = EmailAddress("nurai@pau2.example")
RIGHT = EmailAddress("nuria@pau2.example")


class InvitationDriver(ConcurrentAccounts):
    """Invites a member, and corrects or withdraws the invitation."""

    async def invite(self) -> Member:
        invitation = Invitation(
            email=MISTYPED, full_name="Nurai", phone=None, role=Role.ADMIN, language=Language.ENGLISH
        )
        return await invite_member(
            invitation, actor=make_actor(Role.ADMIN), uow=self.new_uow(), clock=self.clock
        )

    async def interfere(self, how: str, member: Member) -> None:
        actor = make_actor(Role.ADMIN)
        if how == "withdraw":
            await withdraw_invitation(
                member.id, versions=None, actor=actor, uow=self.new_uow(), clock=self.clock
            )
        else:
            await correct_invitation(
                member.id, {"email": RIGHT}, versions=None, actor=actor, uow=self.new_uow(), clock=self.clock
            )


@pytest.fixture
def driver(fresh_engine: AsyncEngine) -> InvitationDriver:
    return InvitationDriver(fresh_engine)


@pytest.mark.parametrize("how", ["correct", "withdraw"])
async def test_loser_is_refused_when_invitation_is_accepted_meanwhile(
    how: str, driver: InvitationDriver
) -> None:
    member = await driver.invite()

    accepted, interfered = await gather_results(
        driver.reset(await driver.mailed_token(OneTimePurpose.INVITATION)), driver.interfere(how, member)
    )

    outcome = (type(accepted), type(interfered))
    assert outcome in {(type(None), InvitationAcceptedError), (OneTimeTokenError, type(None))}
    usable = "members WHERE password_hash <> '' AND is_active AND email_verified_at IS NOT NULL"
    assert await driver.count(usable) == (accepted is None)
