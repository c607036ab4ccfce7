from dataclasses import replace
from datetime import timedelta

import pytest

from app.application.auth import (
    PasswordGrant,
    RefreshGrant,
    Registration,
    TokenPair,
    issue_tokens,
    register_member,
    resend_verification,
    revoke_token,
    verify_email,
)
from app.application.jobs import Job, SendAccountExistsNotice, SendOneTimeToken
from app.application.notices import send_notice
from app.application.one_time_tokens import send_one_time_token
from app.application.ports import MailTemplate, SessionTokens
from app.domain.auth import (
    InvalidGrantError,
    OneTimePurpose,
    OneTimeTokenError,
    PasswordTooCommonError,
)
from app.domain.members import EmailAddress, Language, Member, Role
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.sealed_tokens import HmacOneTimeTokens, HmacRefreshTokens
from tests.factories import PASSWORD, make_member
from tests.fakes import (
    CountingPasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    RecordingMailer,
)

KEYS = {"test": "t" * 32}
ADDRESS = EmailAddress("marta@pau2.example")
CLIENT = "203.0.113.7"
REGISTRATION = Registration(email=ADDRESS, password=PASSWORD, full_name="Marta", client=CLIENT)
ONE_TIME = HmacOneTimeTokens(KEYS)


class World:
    """The ports of all use cases here, and shorthands for calling them."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.hasher = CountingPasswordHasher()
        self.tokens = SessionTokens(JwtAccessTokens(KEYS, clock=clock), HmacRefreshTokens(KEYS))
        self.mailer = RecordingMailer()

    def given(self, member: Member) -> Member:
        self.store.members[member.id] = member
        return member

    async def register(self, registration: Registration = REGISTRATION) -> None:
        await register_member(registration, uow=self.uow, clock=self.clock, hasher=self.hasher)

    async def resend(self, email: EmailAddress = ADDRESS, client: str = CLIENT) -> None:
        await resend_verification(email, client=client, uow=self.uow, clock=self.clock)

    async def verify(self, text: str) -> None:
        await verify_email(text, uow=self.uow, clock=self.clock, tokens=ONE_TIME)

    async def log_in(self, username: str = ADDRESS.value, password: str = PASSWORD) -> TokenPair:
        return await self._issue(PasswordGrant(username=username, password=password, client=CLIENT))

    async def refresh(self, pair: TokenPair) -> TokenPair:
        return await self._issue(RefreshGrant(refresh_token=pair.refresh.text))

    async def revoke(self, text: str) -> None:
        await revoke_token(text, uow=self.uow, clock=self.clock, tokens=self.tokens)

    async def run(self, job: Job) -> None:
        if isinstance(job, SendOneTimeToken):
            await send_one_time_token(
                job, uow=self.uow, clock=self.clock, tokens=ONE_TIME, mailer=self.mailer
            )
        elif isinstance(job, SendAccountExistsNotice):
            await send_notice(job, uow=self.uow, mailer=self.mailer)

    async def mailed_token(self) -> str:
        """Run the newest job and return the token in its mail."""
        await self.run(self.store.jobs[-1])
        return self.mailer.sent[-1][3]["token"]

    def actions(self) -> list[str]:
        return [entry.action for entry in self.store.audit]

    async def _issue(self, grant: PasswordGrant | RefreshGrant) -> TokenPair:
        return await issue_tokens(
            grant, uow=self.uow, clock=self.clock, hasher=self.hasher, tokens=self.tokens
        )


@pytest.fixture
def world(clock: FixedClock) -> World:
    return World(clock)


@pytest.fixture
def marta(world: World) -> Member:
    return world.given(make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}"))


# Registration and verification


async def test_makes_an_unverified_supporter_when_the_address_is_new(world: World) -> None:
    await world.register()

    (member,) = world.store.members.values()
    assert (member.email, member.role, member.email_verified_at) == (ADDRESS, Role.SUPPORTER, None)
    assert member.password_hash == f"hash:{PASSWORD}"
    (token,) = world.store.one_time_tokens.values()
    assert world.store.jobs == [SendOneTimeToken(token_id=token.id)]
    assert world.actions() == ["auth:register"]


async def test_writes_to_the_owner_and_hashes_as_well_when_the_address_is_known(
    world: World, marta: Member
) -> None:
    await world.register()

    (job,) = world.store.jobs
    assert isinstance(job, SendAccountExistsNotice)
    assert job.member_id == marta.id
    assert world.actions() == ["auth:register-again"]
    assert list(world.store.members) == [marta.id]
    assert world.store.members[marta.id].full_name == marta.full_name
    assert world.hasher.hashed == 1


async def test_says_nothing_when_somebody_else_registered_the_address_meanwhile(
    world: World,
) -> None:
    class LateUnitOfWork(InMemoryUnitOfWork):
        async def commit(self) -> None:
            self._copy.members |= {member.id: member for member in [make_member(email=ADDRESS)]}
            await super().commit()

    world.uow = LateUnitOfWork(world.store)

    await world.register()

    assert world.store.members == {}


async def test_stores_nothing_when_the_password_is_refused(world: World) -> None:
    with pytest.raises(PasswordTooCommonError):
        await world.register(replace(REGISTRATION, password="marta marta marta"))

    assert (world.store.members, world.store.jobs, world.hasher.hashed) == ({}, [], 0)


async def test_may_log_in_when_the_mailed_token_was_redeemed(world: World) -> None:
    await world.register()
    with pytest.raises(InvalidGrantError):
        await world.log_in()

    await world.verify(await world.mailed_token())

    pair = await world.log_in()
    assert pair.refresh.session_id in world.store.sessions
    assert world.actions()[-2:] == ["auth:verify-email", "auth:log-in"]


async def test_refuses_a_token_when_it_was_redeemed_before(world: World) -> None:
    await world.register()
    text = await world.mailed_token()
    await world.verify(text)

    with pytest.raises(OneTimeTokenError):
        await world.verify(text)


async def test_refuses_a_token_when_a_newer_one_was_sent(world: World) -> None:
    await world.register()
    older = await world.mailed_token()
    await world.resend()

    with pytest.raises(OneTimeTokenError):
        await world.verify(older)
    await world.verify(await world.mailed_token())


async def test_refuses_a_token_when_it_was_not_made_here(world: World) -> None:
    with pytest.raises(OneTimeTokenError):
        await world.verify("made up")


async def test_stores_a_job_that_finds_nothing_when_there_is_nothing_to_verify(
    world: World, marta: Member
) -> None:
    await world.resend()

    (job,) = world.store.jobs
    await world.run(job)
    assert isinstance(job, SendOneTimeToken)
    assert marta.email_verified_at is not None
    assert (world.mailer.sent, world.store.one_time_tokens) == ([], {})


async def test_mails_the_same_token_and_id_when_the_job_runs_twice(world: World) -> None:
    await world.register()
    (job,) = world.store.jobs
    assert isinstance(job, SendOneTimeToken)

    await world.run(job)
    await world.run(job)

    first, second = world.mailer.sent
    assert first == second
    template, to, language, values, mail_id = first
    assert (template, to, mail_id) == (MailTemplate.VERIFY_EMAIL, ADDRESS, job.token_id)
    assert language is Language.ENGLISH
    assert ONE_TIME.read(values["token"], OneTimePurpose.VERIFY_EMAIL) == job.token_id


async def test_sends_nothing_when_the_token_was_redeemed_before_the_job_ran(world: World) -> None:
    await world.register()
    (job,) = world.store.jobs
    await world.verify(await world.mailed_token())
    world.mailer.sent.clear()

    await world.run(job)

    assert world.mailer.sent == []


# Logging in


async def test_starts_a_session_when_the_password_is_right(world: World, marta: Member) -> None:
    pair = await world.log_in(username=" MARTA@pau2.example ")

    (session,) = world.store.sessions.values()
    assert session.member_id == marta.id
    assert session.token_digest == pair.refresh.digest
    assert session.authenticated_at == world.clock.now()
    assert world.tokens.access.read(pair.access.text).session_id == session.id
    assert world.actions() == ["auth:log-in"]
    assert {count.attempts for count in world.store.login_attempts.values()} == {0}


@pytest.mark.parametrize("case", ["unknown", "malformed", "wrong", "unverified", "inactive"])
async def test_fails_alike_with_one_hash_whatever_the_reason_is(
    world: World, marta: Member, case: str
) -> None:
    username, password = ADDRESS.value, PASSWORD
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
        await world.log_in(username, password)

    assert (world.hasher.verified, world.hasher.hashed) == (1, 0)
    assert world.store.sessions == {}
    assert world.actions() == ["auth:log-in-failed"]


async def test_replaces_the_hash_when_its_parameters_are_old(world: World, marta: Member) -> None:
    marta.password_hash = f"old:{PASSWORD}"

    await world.log_in()

    assert world.store.members[marta.id].password_hash == f"hash:{PASSWORD}"


@pytest.mark.parametrize("change", [{"is_active": False}, {"password_hash": "hash:other"}])
async def test_fails_when_the_account_changes_while_the_hash_is_computed(
    world: World, marta: Member, change: dict[str, object]
) -> None:
    class SlowPasswordHasher(CountingPasswordHasher):
        def needs_rehash(self, password_hash: str) -> bool:
            vars(world.store.members[marta.id]).update(change)
            return super().needs_rehash(password_hash)

    world.hasher = SlowPasswordHasher()

    with pytest.raises(InvalidGrantError):
        await world.log_in()
    assert world.store.sessions == {}


# Refreshing and revoking


@pytest.fixture
async def pair(world: World, marta: Member) -> TokenPair:
    assert marta.may_log_in
    return await world.log_in()


async def test_gives_other_tokens_for_the_same_session_when_refreshed(world: World, pair: TokenPair) -> None:
    following = await world.refresh(pair)

    assert following.refresh.text != pair.refresh.text
    read = world.tokens.access.read
    assert read(following.access.text) == read(pair.access.text)


async def test_gives_the_same_refresh_token_when_the_parent_retries(world: World, pair: TokenPair) -> None:
    first = await world.refresh(pair)
    world.clock.move(timedelta(hours=1))
    second = await world.refresh(pair)

    assert second.refresh == first.refresh
    assert (await world.refresh(second)).refresh != second.refresh


async def test_ends_the_session_for_good_when_an_old_token_comes_back(world: World, pair: TokenPair) -> None:
    second = await world.refresh(pair)
    third = await world.refresh(second)

    for dead in (pair, second, third):
        with pytest.raises(InvalidGrantError):
            await world.refresh(dead)
    (session,) = world.store.sessions.values()
    assert session.revoked_at == world.clock.now()
    assert world.actions().count("auth:replay") == 1


async def test_refuses_to_refresh_when_the_member_may_no_longer_log_in(
    world: World, pair: TokenPair, marta: Member
) -> None:
    world.store.members[marta.id].is_active = False

    with pytest.raises(InvalidGrantError):
        await world.refresh(pair)


async def test_refuses_a_refresh_token_when_its_session_is_gone(world: World, pair: TokenPair) -> None:
    world.store.sessions.clear()

    with pytest.raises(InvalidGrantError):
        await world.refresh(pair)


async def test_refuses_a_refresh_token_when_it_was_not_made_here(world: World) -> None:
    with pytest.raises(InvalidGrantError):
        await world._issue(RefreshGrant(refresh_token="made up"))


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_ends_the_session_when_either_token_is_revoked(
    world: World, pair: TokenPair, kind: str
) -> None:
    await world.revoke(pair.access.text if kind == "access" else pair.refresh.text)

    with pytest.raises(InvalidGrantError):
        await world.refresh(pair)
    assert world.actions() == ["auth:log-in", "auth:log-out"]


async def test_opens_no_transaction_when_the_revoked_token_was_not_made_here(world: World) -> None:
    await world.revoke("made up")

    assert not hasattr(world.uow, "sessions")


async def test_changes_nothing_when_the_token_is_unknown_or_revoked_before(
    world: World, pair: TokenPair
) -> None:
    await world.revoke("made up")
    await world.revoke(pair.refresh.text)
    await world.revoke(pair.refresh.text)

    assert world.actions() == ["auth:log-in", "auth:log-out"]
