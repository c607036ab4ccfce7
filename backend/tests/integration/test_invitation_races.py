"""Invitations that are accepted while an administrator corrects or withdraws them: real commits."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.invitations import correct_invitation, withdraw_invitation
from app.application.members import Invitation, invite_member
from app.application.passwords import PasswordReset, reset_password
from app.domain.auth import OneTimePurpose, OneTimeTokenError, OneTimeTokenId
from app.domain.members import EmailAddress, InvitationAcceptedError, Language, Member, Role
from app.infrastructure.database.auth import one_time_tokens
from tests.factories import PASSWORD, make_actor
from tests.integration.crowd import ONE_TIME, AccountHolders, all_at_once

MISTYPED, RIGHT = EmailAddress("nurai@pau2.example"), EmailAddress("nuria@pau2.example")


class Server(AccountHolders):
    async def invite(self) -> Member:
        invitation = Invitation(
            email=MISTYPED, full_name="Nurai", phone=None, role=Role.ADMIN, language=Language.ENGLISH
        )
        return await invite_member(invitation, actor=make_actor(Role.ADMIN), uow=self.uow(), clock=self.clock)

    async def mailed_token(self) -> str:
        async with self.engine.connect() as connection:
            token_id = (await connection.scalars(select(one_time_tokens.c.id))).one()
        return ONE_TIME.text(OneTimeTokenId(token_id), OneTimePurpose.INVITATION)

    async def accept(self, token: str) -> None:
        command = PasswordReset(token=token, password=PASSWORD)
        await reset_password(command, uow=self.uow(), clock=self.clock, hasher=self.hasher, tokens=ONE_TIME)

    async def interfere(self, how: str, member: Member) -> None:
        actor = make_actor(Role.ADMIN)
        if how == "withdraw":
            await withdraw_invitation(member.id, seen=None, actor=actor, uow=self.uow(), clock=self.clock)
        else:
            await correct_invitation(
                member.id, {"email": RIGHT}, seen=None, actor=actor, uow=self.uow(), clock=self.clock
            )


@pytest.fixture
def server(fresh_engine: AsyncEngine) -> Server:
    return Server(fresh_engine)


@pytest.mark.parametrize("how", ["correct", "withdraw"])
async def test_one_comes_second_when_an_invitation_is_accepted_meanwhile(how: str, server: Server) -> None:
    member = await server.invite()

    accepted, interfered = await all_at_once(
        server.accept(await server.mailed_token()), server.interfere(how, member)
    )

    outcome = (type(accepted), type(interfered))
    assert outcome in {(type(None), InvitationAcceptedError), (OneTimeTokenError, type(None))}
    usable = "members WHERE password_hash <> '' AND is_active AND email_verified_at IS NOT NULL"
    assert await server.count(usable) == (accepted is None)
