from datetime import timedelta

import pytest

from app.application.jobs import SendOneTimeToken, SendPasswordChangedNotice
from app.application.ports import MailTemplate
from app.application.retention import delete_expired_credentials
from app.domain.auth import (
    CurrentPasswordError,
    InvalidGrantError,
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenError,
    Password,
    PasswordTooCommonError,
)
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language, Member
from app.domain.rate_limits import TooManyAttemptsError
from app.infrastructure.security.signed_tokens import HmacRefreshTokens
from tests.factories import PASSWORD, make_member, make_session
from tests.fakes import (
    FakePasswordHasher,
)
from tests.support.accounts import ADDRESS, KEYS, NEW_PASSWORD, ONE_TIME_TOKENS, InMemoryAccounts

WRONG = "another-umbrella-sings"


# Forgotten passwords


async def test_new_password_works_and_every_session_ends_when_reset(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    await accounts.log_in()
    await accounts.forgot()
    token = await accounts.mailed_token()

    await accounts.reset(token)

    assert accounts.mailer.sent[-1][:3] == (MailTemplate.RECOVERY, ADDRESS, Language.SPANISH)
    (session,) = accounts.store.sessions.values()
    assert session.revoked_at == accounts.clock.now()
    with pytest.raises(InvalidGrantError):
        await accounts.log_in()
    await accounts.log_in(NEW_PASSWORD)
    assert accounts.actions() == ["auth:log-in", "auth:recover-account", "auth:log-in-failed", "auth:log-in"]
    assert accounts.store.audit[1].subject_id == marta.id


@pytest.mark.parametrize("way", ["reset", "change"])
async def test_the_owner_is_told_when_there_is_a_new_password(
    accounts: InMemoryAccounts, marta: Member, way: str
) -> None:
    if way == "reset":
        await accounts.forgot()
        await accounts.reset(await accounts.mailed_token())
    else:
        await accounts.change(marta, await accounts.log_in())

    job = accounts.store.jobs[-1]
    assert isinstance(job, SendPasswordChangedNotice)
    await accounts.run(job)
    mail = (MailTemplate.CREDENTIALS_CHANGED, ADDRESS, Language.SPANISH, {"name": marta.full_name})
    assert accounts.mailer.sent[-1] == (*mail, job.notice_id)


async def test_no_further_mail_when_five_were_asked_for(accounts: InMemoryAccounts, marta: Member) -> None:
    for number in range(6):
        await accounts.forgot(client=f"203.0.113.{number}")
    assert len(accounts.store.jobs) == 5

    accounts.clock.move(timedelta(minutes=29))
    await accounts.reset(await accounts.mailed_token())
    assert accounts.store.members[marta.id].password_hash == f"hash:{NEW_PASSWORD}"


@pytest.mark.usefixtures("marta")
async def test_refuses_a_reset_token_when_it_was_used_or_replaced(accounts: InMemoryAccounts) -> None:
    await accounts.forgot()
    older = await accounts.mailed_token()
    await accounts.forgot()
    newer = await accounts.mailed_token()

    with pytest.raises(OneTimeTokenError):
        await accounts.reset(older)
    await accounts.reset(newer)
    with pytest.raises(OneTimeTokenError):
        await accounts.reset(newer)


@pytest.mark.parametrize(("minutes", "good"), [(29, True), (30, False)])
async def test_reset_token_lasts_30_minutes_when_unused(
    accounts: InMemoryAccounts, marta: Member, minutes: int, good: bool
) -> None:
    await accounts.forgot()
    token = await accounts.mailed_token()
    accounts.clock.move(timedelta(minutes=minutes))

    if good:
        await accounts.reset(token)
    else:
        with pytest.raises(OneTimeTokenError):
            await accounts.reset(token)
    assert accounts.store.members[marta.id].password_hash == f"hash:{NEW_PASSWORD if good else PASSWORD}"


async def test_verification_token_sets_no_password_when_presented(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    token = OneTimeToken.issue(
        member_id=marta.id, purpose=OneTimePurpose.VERIFY_EMAIL, at=accounts.clock.now()
    )
    accounts.store.one_time_tokens[token.id] = token

    with pytest.raises(OneTimeTokenError):
        await accounts.reset(ONE_TIME_TOKENS.text(token.id, OneTimePurpose.VERIFY_EMAIL))


@pytest.mark.parametrize("case", ["unknown", "inactive", "erased"])
async def test_stores_job_that_sends_nothing_when_address_is_unknown(
    accounts: InMemoryAccounts, marta: Member, case: str
) -> None:
    if case == "inactive":
        marta.is_active = False
    elif case == "erased":
        marta.erase(admins=set(), at=accounts.clock.now())
    address = EmailAddress("no@pau2.example") if case == "unknown" else marta.email

    await accounts.forgot(address)

    (job,) = accounts.store.jobs
    assert isinstance(job, SendOneTimeToken)
    await accounts.run(job)
    assert (accounts.mailer.sent, accounts.store.one_time_tokens) == ([], {})


async def test_refuses_a_reset_when_the_account_was_closed_meanwhile(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    await accounts.forgot()
    token = await accounts.mailed_token()
    accounts.store.members[marta.id].is_active = False

    with pytest.raises(OneTimeTokenError):
        await accounts.reset(token)


async def test_refuses_reset_when_token_is_replaced_while_hashing(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    await accounts.forgot()
    token = await accounts.mailed_token()

    class SlowPasswordHasher(FakePasswordHasher):
        async def hash(self, password: Password) -> str:
            accounts.store.one_time_tokens.clear()
            return await super().hash(password)

    accounts.hasher = SlowPasswordHasher()

    with pytest.raises(OneTimeTokenError):
        await accounts.reset(token)
    assert accounts.store.members[marta.id].password_hash == f"hash:{PASSWORD}"


@pytest.mark.usefixtures("marta")
async def test_token_stays_good_when_the_new_password_is_refused(accounts: InMemoryAccounts) -> None:
    await accounts.forgot()
    token = await accounts.mailed_token()

    with pytest.raises(PasswordTooCommonError):
        await accounts.reset(token, "marta marta marta")

    await accounts.reset(token)


async def test_proves_the_address_when_reset_by_mail(accounts: InMemoryAccounts, marta: Member) -> None:
    marta.email_verified_at = None
    await accounts.forgot()

    await accounts.reset(await accounts.mailed_token())

    assert accounts.store.members[marta.id].email_verified_at == accounts.clock.now()


# Changed passwords


async def test_ends_other_sessions_and_tokens_when_password_changes(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    here = await accounts.log_in()
    there = await accounts.log_in()
    await accounts.forgot()
    token = await accounts.mailed_token()

    await accounts.change(marta, here)

    assert accounts.store.sessions[here.refresh.session_id].revoked_at is None
    assert accounts.store.sessions[there.refresh.session_id].revoked_at == accounts.clock.now()
    with pytest.raises(OneTimeTokenError):
        await accounts.reset(token)
    await accounts.log_in(NEW_PASSWORD)
    assert "auth:change-password" in accounts.actions()


async def test_refuses_to_change_when_the_current_password_is_wrong(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    pair = await accounts.log_in()

    for _ in range(10):
        with pytest.raises(CurrentPasswordError):
            await accounts.change(marta, pair, current=WRONG)
    with pytest.raises(TooManyAttemptsError):
        await accounts.change(marta, pair)

    assert accounts.store.members[marta.id].password_hash == f"hash:{PASSWORD}"


async def test_refuses_change_when_password_was_changed_meanwhile(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    pair = await accounts.log_in()

    class SlowPasswordHasher(FakePasswordHasher):
        async def hash(self, password: Password) -> str:
            accounts.store.members[marta.id].password_hash = "hash:other"
            return await super().hash(password)

    accounts.hasher = SlowPasswordHasher()

    with pytest.raises(CurrentPasswordError):
        await accounts.change(marta, pair)


# Failed log-ins


@pytest.mark.parametrize("username", [ADDRESS.value, "nobody@pau2.example", "no address"])
@pytest.mark.usefixtures("marta")
async def test_must_wait_after_10_failures_when_account_exists_or_not(
    accounts: InMemoryAccounts, username: str
) -> None:
    for number in range(10):
        with pytest.raises(InvalidGrantError):
            await accounts.log_in(WRONG, username=username, client=f"203.0.113.{number}")
    hashes = accounts.hasher.verified
    accounts.clock.move(timedelta(minutes=1))

    with pytest.raises(TooManyAttemptsError) as raised:
        await accounts.log_in(username=username, client="203.0.113.99")

    assert raised.value.retry_after == timedelta(minutes=4)
    assert accounts.hasher.verified == hashes
    accounts.clock.move(timedelta(minutes=4))
    with pytest.raises(InvalidGrantError):
        await accounts.log_in(WRONG, username=username)


@pytest.mark.usefixtures("marta")
async def test_counts_as_same_account_when_spelled_otherwise(accounts: InMemoryAccounts) -> None:
    for name in ("MARTA", " marta", "\uff4darta", "Marta", "mArta") * 2:
        with pytest.raises(InvalidGrantError):
            await accounts.log_in(WRONG, username=f"{name}@pau2.example", client=name)

    with pytest.raises(TooManyAttemptsError):
        await accounts.log_in()


@pytest.mark.usefixtures("marta")
async def test_client_has_to_wait_when_it_failed_at_10_accounts(accounts: InMemoryAccounts) -> None:
    for number in range(10):
        with pytest.raises(InvalidGrantError):
            await accounts.log_in(WRONG, username=f"n{number}@pau2.example")

    with pytest.raises(TooManyAttemptsError):
        await accounts.log_in()
    await accounts.log_in(client="203.0.113.8")


@pytest.mark.usefixtures("marta")
async def test_is_never_stopped_when_every_log_in_succeeds(accounts: InMemoryAccounts) -> None:
    for _ in range(12):
        await accounts.log_in()


async def test_counts_only_failures_when_attempts_succeed(accounts: InMemoryAccounts, marta: Member) -> None:
    with pytest.raises(InvalidGrantError):
        await accounts.log_in(WRONG)

    await accounts.change(marta, await accounts.log_in())

    assert [count.hits for count in accounts.store.rate_limits.values()] == [1, 1]


@pytest.mark.usefixtures("marta")
async def test_may_log_in_at_once_when_the_password_was_reset(accounts: InMemoryAccounts) -> None:
    for number in range(12):
        with pytest.raises((InvalidGrantError, TooManyAttemptsError)):
            await accounts.log_in(WRONG, client=f"203.0.113.{number}")

    await accounts.forgot()
    await accounts.reset(await accounts.mailed_token())

    await accounts.log_in(NEW_PASSWORD, client="203.0.113.99")


# Retention


async def test_forgets_what_ended_30_days_ago_when_the_time_has_come(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    now = accounts.clock.now()
    old, recent = (make_session(marta, at=now - timedelta(days=days)) for days in (44, 43))
    for session in (old, recent):
        accounts.store.sessions[session.id] = session
    await accounts.forgot()
    with pytest.raises(InvalidGrantError):
        await accounts.log_in(WRONG)

    accounts.clock.move(timedelta(minutes=31))
    await delete_expired_credentials(uow=accounts.uow, clock=accounts.clock)

    assert list(accounts.store.sessions) == [recent.id]
    assert len(accounts.store.one_time_tokens) == 1
    assert accounts.store.rate_limits == {}
    accounts.clock.move(timedelta(days=31))
    await delete_expired_credentials(uow=accounts.uow, clock=accounts.clock)
    assert (accounts.store.sessions, accounts.store.one_time_tokens) == ({}, {})


async def test_refresh_tokens_are_not_mailed_tokens_when_presented(accounts: InMemoryAccounts) -> None:
    pair = HmacRefreshTokens(KEYS).first(make_session(make_member()).id)

    with pytest.raises(OneTimeTokenError):
        await accounts.reset(pair.text)
