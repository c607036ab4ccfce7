"""Concurrent changes of address and registrations, and their mails, with real commits."""

import asyncio
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.email_changes import confirm_email_change, request_email_change
from app.core.settings import Settings
from app.domain.auth import OneTimeTokenError
from app.domain.email_changes import EmailChangeId
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import EmailTakenError, Member
from app.infrastructure.database.email_changes import email_changes
from app.infrastructure.jobs.worker import run_worker
from app.infrastructure.security.signed_tokens import HmacEmailChangeTokens
from tests.factories import make_actor, make_member
from tests.support.accounts import KEYS
from tests.support.concurrency import CONCURRENCY, ConcurrentAccounts, gather_results

TOKENS = HmacEmailChangeTokens(KEYS)
NEW = EmailAddress("moved@pau2.example")


class EmailChangeDriver(ConcurrentAccounts):
    """Changes addresses to NEW."""

    async def requested_by(self, member: Member) -> str:
        """Request the change to NEW, and return the mailed token."""
        await request_email_change(
            NEW, actor=make_actor(member_id=member.id), uow=self.new_uow(), clock=self.clock
        )
        query = select(email_changes.c.id).where(email_changes.c.member_id == member.id)
        async with self.engine.connect() as connection:
            return TOKENS.text(EmailChangeId((await connection.scalars(query)).one()))

    async def confirm(self, token: str) -> None:
        await confirm_email_change(token, uow=self.new_uow(), clock=self.clock, tokens=TOKENS)


@pytest.fixture
def driver(fresh_engine: AsyncEngine) -> EmailChangeDriver:
    return EmailChangeDriver(fresh_engine)


async def test_one_member_has_the_address_when_two_confirm_it_at_once(driver: EmailChangeDriver) -> None:
    rivals = [make_member() for _ in range(2)]
    await driver.add(*rivals)
    tokens = [await driver.requested_by(member) for member in rivals]

    results = await gather_results(*map(driver.confirm, tokens))

    assert sorted(type(result).__name__ for result in results) == ["EmailTakenError", "NoneType"]
    assert await driver.count(f"members WHERE email = '{NEW}'") == 1


async def test_changes_once_when_one_token_comes_many_times_at_once(driver: EmailChangeDriver) -> None:
    marta = make_member()
    await driver.add(marta)
    token = await driver.requested_by(marta)

    results = await gather_results(*(driver.confirm(token) for _ in range(CONCURRENCY)))

    assert results == [None] * CONCURRENCY
    assert await driver.count("audit_entries WHERE action = 'auth:confirm-email'") == 1


async def test_one_account_has_address_when_registration_comes_first(driver: EmailChangeDriver) -> None:
    """The registration has inserted the unverified address; the confirmation waits for its transaction."""
    marta = make_member()
    await driver.add(marta)
    token = await driver.requested_by(marta)
    async with driver.new_uow() as uow:
        uow.members.add(make_member(email=NEW, email_verified_at=None))
        await uow.flush()
        confirming = asyncio.create_task(driver.confirm(token))
        await driver.wait_until_blocked(1)
        await uow.commit()

    with pytest.raises(EmailTakenError):
        await confirming
    await driver.confirm(token)
    assert await driver.count(f"members WHERE email = '{NEW}' AND id = '{marta.id}'") == 1


async def test_one_account_has_address_when_both_happen_at_once(driver: EmailChangeDriver) -> None:
    marta = make_member()
    await driver.add(marta)
    token = await driver.requested_by(marta)

    confirmed, registered = await gather_results(driver.confirm(token), driver.register(email=NEW))

    assert registered is None
    assert confirmed is None or isinstance(confirmed, EmailTakenError)
    assert await driver.count(f"members WHERE email = '{NEW}'") == 1


async def test_refuses_the_token_when_an_erasure_comes_first(driver: EmailChangeDriver) -> None:
    marta = make_member()
    await driver.add(marta)
    token = await driver.requested_by(marta)
    async with driver.new_uow() as uow:
        member = await uow.members.get_locked(marta.id)
        confirming = asyncio.create_task(driver.confirm(token))
        await driver.wait_until_blocked(1)
        member.erase(admins=frozenset(), at=driver.clock.now())
        await uow.personal_data.erase(marta.id)
        await uow.commit()

    with pytest.raises(OneTimeTokenError):
        await confirming
    assert await driver.count("procrastinate_jobs") == 0


def sent(folder: Path) -> list[tuple[str, str]]:
    """Return recipients and subjects of the mails."""
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in folder.iterdir()]
    return sorted((mail["To"], mail["Subject"]) for mail in mails)


async def test_both_addresses_get_their_mails_when_the_worker_runs(
    driver: EmailChangeDriver, fresh_settings: Settings, tmp_path: Path
) -> None:
    marta = make_member()
    await driver.add(marta)
    settings = fresh_settings.model_copy(update={"mail_folder": tmp_path})
    token = await driver.requested_by(marta)
    await run_worker(settings, clock=driver.clock, until_idle=True)
    await driver.confirm(token)

    await run_worker(settings, clock=driver.clock, until_idle=True)

    assert sent(tmp_path) == sorted(
        [
            (NEW.value, "Confirm your new e-mail address"),
            (marta.email.value, "Someone wants to change your e-mail address"),
            (marta.email.value, "Your e-mail address was changed"),
        ]
    )
