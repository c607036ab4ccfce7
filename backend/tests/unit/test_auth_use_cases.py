from datetime import timedelta

import pytest

from app.application.auth import TokenPair
from app.application.jobs import SendAccountExistsNotice, SendOneTimeToken
from app.application.ports import MailTemplate
from app.domain.auth import (
    InvalidGrantError,
    OneTimePurpose,
    OneTimeTokenError,
    PasswordTooCommonError,
)
from app.domain.members.member import Language, Member, Role
from tests.factories import PASSWORD, make_member
from tests.fakes import (
    FakePasswordHasher,
    InMemoryUnitOfWork,
)
from tests.support.accounts import ADDRESS, ONE_TIME_TOKENS, InMemoryAccounts

# Registration and verification


async def test_makes_an_unverified_supporter_when_the_address_is_new(accounts: InMemoryAccounts) -> None:
    await accounts.register()

    (member,) = accounts.store.members.values()
    assert (member.email, member.role, member.email_verified_at) == (ADDRESS, Role.SUPPORTER, None)
    assert member.password_hash == f"hash:{PASSWORD}"
    (token,) = accounts.store.one_time_tokens.values()
    assert accounts.store.jobs == [SendOneTimeToken(token_id=token.id)]
    assert accounts.actions() == ["auth:register"]


async def test_mails_owner_and_hashes_anyway_when_address_is_known(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    await accounts.register()

    (job,) = accounts.store.jobs
    assert isinstance(job, SendAccountExistsNotice)
    assert job.member_id == marta.id
    assert accounts.actions() == ["auth:register-again"]
    assert list(accounts.store.members) == [marta.id]
    assert accounts.store.members[marta.id].full_name == marta.full_name
    assert accounts.hasher.hashed == 1


async def test_is_silent_when_address_was_registered_meanwhile(accounts: InMemoryAccounts) -> None:
    class LateUnitOfWork(InMemoryUnitOfWork):
        async def commit(self) -> None:
            self._copy.members |= {member.id: member for member in [make_member(email=ADDRESS)]}
            await super().commit()

    accounts.uow = LateUnitOfWork(accounts.store)

    await accounts.register()

    assert accounts.store.members == {}


async def test_stores_nothing_when_the_password_is_refused(accounts: InMemoryAccounts) -> None:
    with pytest.raises(PasswordTooCommonError):
        await accounts.register("marta marta marta")

    assert (accounts.store.members, accounts.store.jobs, accounts.hasher.hashed) == ({}, [], 0)


async def test_may_log_in_when_the_mailed_token_was_redeemed(accounts: InMemoryAccounts) -> None:
    await accounts.register()
    with pytest.raises(InvalidGrantError):
        await accounts.log_in()

    await accounts.verify(await accounts.mailed_token())

    pair = await accounts.log_in()
    assert pair.refresh.session_id in accounts.store.sessions
    assert accounts.actions()[-2:] == ["auth:verify-email", "auth:log-in"]


async def test_refuses_a_token_when_it_was_redeemed_before(accounts: InMemoryAccounts) -> None:
    await accounts.register()
    text = await accounts.mailed_token()
    await accounts.verify(text)

    with pytest.raises(OneTimeTokenError):
        await accounts.verify(text)


async def test_refuses_a_token_when_a_newer_one_was_sent(accounts: InMemoryAccounts) -> None:
    await accounts.register()
    older = await accounts.mailed_token()
    await accounts.resend()

    with pytest.raises(OneTimeTokenError):
        await accounts.verify(older)
    await accounts.verify(await accounts.mailed_token())


async def test_refuses_a_token_when_it_was_not_made_here(accounts: InMemoryAccounts) -> None:
    with pytest.raises(OneTimeTokenError):
        await accounts.verify("made up")


async def test_stores_job_anyway_when_there_is_nothing_to_verify(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    await accounts.resend()

    (job,) = accounts.store.jobs
    await accounts.run(job)
    assert isinstance(job, SendOneTimeToken)
    assert marta.email_verified_at is not None
    assert (accounts.mailer.sent, accounts.store.one_time_tokens) == ([], {})


async def test_mails_the_same_token_and_id_when_the_job_runs_twice(accounts: InMemoryAccounts) -> None:
    await accounts.register()
    (job,) = accounts.store.jobs
    assert isinstance(job, SendOneTimeToken)

    await accounts.run(job)
    await accounts.run(job)

    first, second = accounts.mailer.sent
    assert first == second
    template, to, language, values, mail_id = first
    assert (template, to, mail_id) == (MailTemplate.VERIFY_EMAIL, ADDRESS, job.token_id)
    assert language is Language.ENGLISH
    assert ONE_TIME_TOKENS.read(values["token"], OneTimePurpose.VERIFY_EMAIL) == job.token_id


async def test_sends_nothing_when_token_was_redeemed_before_the_job(accounts: InMemoryAccounts) -> None:
    await accounts.register()
    (job,) = accounts.store.jobs
    await accounts.verify(await accounts.mailed_token())
    accounts.mailer.sent.clear()

    await accounts.run(job)

    assert accounts.mailer.sent == []


# Logging in


async def test_starts_a_session_when_the_password_is_right(accounts: InMemoryAccounts, marta: Member) -> None:
    pair = await accounts.log_in(username=" MARTA@pau2.example ")

    (session,) = accounts.store.sessions.values()
    assert session.member_id == marta.id
    assert session.token_digest == pair.refresh.digest
    assert session.authenticated_at == accounts.clock.now()
    assert accounts.tokens.access.read(pair.access.text).session_id == session.id
    assert accounts.actions() == ["auth:log-in"]
    assert {count.hits for count in accounts.store.rate_limits.values()} == {0}


@pytest.mark.parametrize("case", ["unknown", "malformed", "wrong", "unverified", "inactive"])
async def test_fails_alike_with_one_hash_whatever_the_reason_is(
    accounts: InMemoryAccounts, marta: Member, case: str
) -> None:
    username = ADDRESS.value
    password = PASSWORD
    if case == "unknown":
        username = "nobody@pau2.example"
    elif case == "malformed":
        username = "nobody"
    elif case == "wrong":
        password = "another-umbrella-sings"
    elif case == "unverified":
        marta.email_verified_at = None
    else:
        marta.is_active = False

    with pytest.raises(InvalidGrantError):
        await accounts.log_in(password, username=username)

    assert (accounts.hasher.verified, accounts.hasher.hashed) == (1, 0)
    assert accounts.store.sessions == {}
    assert accounts.actions() == ["auth:log-in-failed"]


async def test_replaces_the_hash_when_its_parameters_are_old(
    accounts: InMemoryAccounts, marta: Member
) -> None:
    marta.password_hash = f"old:{PASSWORD}"

    await accounts.log_in()

    assert accounts.store.members[marta.id].password_hash == f"hash:{PASSWORD}"


@pytest.mark.parametrize("change", [{"is_active": False}, {"password_hash": "hash:other"}])
async def test_fails_when_account_changes_while_hashing(
    accounts: InMemoryAccounts, marta: Member, change: dict[str, object]
) -> None:
    class SlowPasswordHasher(FakePasswordHasher):
        def needs_rehash(self, password_hash: str) -> bool:
            vars(accounts.store.members[marta.id]).update(change)
            return super().needs_rehash(password_hash)

    accounts.hasher = SlowPasswordHasher()

    with pytest.raises(InvalidGrantError):
        await accounts.log_in()
    assert accounts.store.sessions == {}


# Refreshing and revoking


@pytest.fixture
async def pair(accounts: InMemoryAccounts, marta: Member) -> TokenPair:
    return await accounts.log_in(username=marta.email.value)


async def test_gives_other_tokens_for_the_same_session_when_refreshed(
    accounts: InMemoryAccounts, pair: TokenPair
) -> None:
    following = await accounts.refresh(pair.refresh.text)

    assert following.refresh.text != pair.refresh.text
    read = accounts.tokens.access.read
    assert read(following.access.text) == read(pair.access.text)


async def test_gives_the_same_refresh_token_when_the_parent_retries(
    accounts: InMemoryAccounts, pair: TokenPair
) -> None:
    first = await accounts.refresh(pair.refresh.text)
    accounts.clock.move(timedelta(hours=1))
    second = await accounts.refresh(pair.refresh.text)

    assert second.refresh == first.refresh
    assert (await accounts.refresh(second.refresh.text)).refresh != second.refresh


async def test_ends_the_session_for_good_when_an_old_token_comes_back(
    accounts: InMemoryAccounts, pair: TokenPair
) -> None:
    second = await accounts.refresh(pair.refresh.text)
    third = await accounts.refresh(second.refresh.text)

    for dead in (pair, second, third):
        with pytest.raises(InvalidGrantError):
            await accounts.refresh(dead.refresh.text)
    (session,) = accounts.store.sessions.values()
    assert session.revoked_at == accounts.clock.now()
    assert accounts.actions().count("auth:replay") == 1


async def test_refuses_to_refresh_when_the_member_may_no_longer_log_in(
    accounts: InMemoryAccounts, pair: TokenPair, marta: Member
) -> None:
    accounts.store.members[marta.id].is_active = False

    with pytest.raises(InvalidGrantError):
        await accounts.refresh(pair.refresh.text)


async def test_refuses_a_refresh_token_when_its_session_is_gone(
    accounts: InMemoryAccounts, pair: TokenPair
) -> None:
    accounts.store.sessions.clear()

    with pytest.raises(InvalidGrantError):
        await accounts.refresh(pair.refresh.text)


async def test_refuses_a_refresh_token_when_it_was_not_made_here(accounts: InMemoryAccounts) -> None:
    with pytest.raises(InvalidGrantError):
        await accounts.refresh("made up")


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_ends_the_session_when_either_token_is_revoked(
    accounts: InMemoryAccounts, pair: TokenPair, kind: str
) -> None:
    await accounts.revoke(pair.access.text if kind == "access" else pair.refresh.text)

    with pytest.raises(InvalidGrantError):
        await accounts.refresh(pair.refresh.text)
    assert accounts.actions() == ["auth:log-in", "auth:log-out"]


async def test_opens_no_transaction_when_revoked_token_is_forged(accounts: InMemoryAccounts) -> None:
    await accounts.revoke("made up")

    assert not hasattr(accounts.uow, "sessions")


async def test_changes_nothing_when_token_is_unknown_or_revoked(
    accounts: InMemoryAccounts, pair: TokenPair
) -> None:
    await accounts.revoke("made up")
    await accounts.revoke(pair.refresh.text)
    await accounts.revoke(pair.refresh.text)

    assert accounts.actions() == ["auth:log-in", "auth:log-out"]
