"""Changes of address that meet registrations and each other, and their mails: real commits."""

import asyncio
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.auth import Registration, register_member
from app.application.email_changes import confirm_email_change, request_email_change
from app.core.settings import Settings
from app.domain.auth import OneTimeTokenError
from app.domain.email_changes import EmailChangeId
from app.domain.members import EmailAddress, EmailTakenError, Member
from app.infrastructure.database.email_changes import email_changes
from app.infrastructure.jobs.worker import run_worker
from app.infrastructure.security.sealed_tokens import HmacEmailChangeTokens
from tests.factories import PASSWORD, make_actor, make_member
from tests.integration.crowd import AT_ONCE, KEYS, AccountHolders, all_at_once

TOKENS = HmacEmailChangeTokens(KEYS)
NEW = EmailAddress("moved@pau2.example")


class Server(AccountHolders):
    async def requested_by(self, member: Member) -> str:
        """Ask for the new address; return the mailed token."""
        await request_email_change(
            NEW, actor=make_actor(member_id=member.id), uow=self.uow(), clock=self.clock
        )
        query = select(email_changes.c.id).where(email_changes.c.member_id == member.id)
        async with self.engine.connect() as connection:
            return TOKENS.text(EmailChangeId((await connection.scalars(query)).one()))

    async def confirm(self, token: str) -> None:
        await confirm_email_change(token, uow=self.uow(), clock=self.clock, tokens=TOKENS)

    async def register(self) -> None:
        registration = Registration(email=NEW, password=PASSWORD, full_name="Nora", client="203.0.113.7")
        await register_member(registration, uow=self.uow(), clock=self.clock, hasher=self.hasher)


@pytest.fixture
def server(fresh_engine: AsyncEngine) -> Server:
    return Server(fresh_engine)


async def test_one_member_has_the_address_when_two_confirm_it_at_once(server: Server) -> None:
    rivals = [make_member() for _ in range(2)]
    await server.add(*rivals)
    tokens = [await server.requested_by(member) for member in rivals]

    results = await all_at_once(*map(server.confirm, tokens))

    assert sorted(type(result).__name__ for result in results) == ["EmailTakenError", "NoneType"]
    assert await server.count(f"members WHERE email = '{NEW}'") == 1


async def test_changes_once_when_one_token_comes_many_times_at_once(server: Server) -> None:
    marta = make_member()
    await server.add(marta)
    token = await server.requested_by(marta)

    results = await all_at_once(*(server.confirm(token) for _ in range(AT_ONCE)))

    assert results == [None] * AT_ONCE
    assert await server.count("audit_entries WHERE action = 'auth:confirm-email'") == 1


async def test_one_account_has_the_address_when_a_registration_comes_first(server: Server) -> None:
    """The registration holds the address without having proven it; the confirmation waits for its end."""
    marta = make_member()
    await server.add(marta)
    token = await server.requested_by(marta)
    async with server.uow() as uow:
        uow.members.add(make_member(email=NEW, email_verified_at=None))
        await uow.flush()
        confirming = asyncio.create_task(server.confirm(token))
        await server.waiting(1)
        await uow.commit()

    with pytest.raises(EmailTakenError):
        await confirming
    await server.confirm(token)
    assert await server.count(f"members WHERE email = '{NEW}' AND id = '{marta.id}'") == 1


async def test_one_account_has_the_address_when_registered_and_confirmed_at_once(server: Server) -> None:
    marta = make_member()
    await server.add(marta)
    token = await server.requested_by(marta)

    confirmed, registered = await all_at_once(server.confirm(token), server.register())

    assert registered is None
    assert confirmed is None or isinstance(confirmed, EmailTakenError)
    assert await server.count(f"members WHERE email = '{NEW}'") == 1


async def test_refuses_the_token_when_an_erasure_comes_first(server: Server) -> None:
    marta = make_member()
    await server.add(marta)
    token = await server.requested_by(marta)
    async with server.uow() as uow:
        member = await uow.members.get_locked(marta.id)
        confirming = asyncio.create_task(server.confirm(token))
        await server.waiting(1)
        member.erase(admins=frozenset(), at=server.clock.now())
        await uow.personal_data.erase(marta.id)
        await uow.commit()

    with pytest.raises(OneTimeTokenError):
        await confirming
    assert await server.count("procrastinate_jobs") == 0


def sent(folder: Path) -> list[tuple[str, str]]:
    """Return recipients and subjects."""
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in folder.iterdir()]
    return sorted((mail["To"], mail["Subject"]) for mail in mails)


async def test_both_addresses_get_their_mails_when_the_worker_runs(
    server: Server, fresh_settings: Settings, tmp_path: Path
) -> None:
    marta = make_member()
    await server.add(marta)
    settings = fresh_settings.model_copy(update={"mail_folder": tmp_path})
    token = await server.requested_by(marta)
    await run_worker(settings, clock=server.clock, until_idle=True)
    await server.confirm(token)

    await run_worker(settings, clock=server.clock, until_idle=True)

    assert sent(tmp_path) == sorted(
        [
            (NEW.value, "Confirm your new e-mail address"),
            (marta.email.value, "Somebody wants to change your e-mail address"),
            (marta.email.value, "Your e-mail address was changed"),
        ]
    )
