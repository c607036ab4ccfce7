from datetime import timedelta

import pytest

from app.application.auth import PasswordGrant, TokenPair, issue_tokens
from app.application.jobs import SendOneTimeToken, SendPasswordChangedNotice
from app.application.notices import send_notice
from app.application.one_time_tokens import send_one_time_token
from app.application.passwords import (
    PasswordChange,
    PasswordReset,
    change_password,
    request_password_reset,
    reset_password,
)
from app.application.ports import MailTemplate, SessionTokens
from app.application.retention import forget_old_proofs
from app.domain.auth import (
    CurrentPasswordError,
    InvalidGrantError,
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenError,
    Password,
    PasswordTooCommonError,
)
from app.domain.login_attempts import TooManyAttemptsError
from app.domain.members import EmailAddress, Language, Member
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.sealed_tokens import HmacOneTimeTokens, HmacRefreshTokens
from tests.factories import PASSWORD, make_actor, make_member, make_session
from tests.fakes import (
    CountingPasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    RecordingMailer,
)

KEYS = {"test": "t" * 32}
ADDRESS = EmailAddress("marta@pau2.example")
ONE_TIME = HmacOneTimeTokens(KEYS)
NEW_PASSWORD = "seven herons at dawn"
WRONG = "another-umbrella-sings"


class Office:
    """The ports of all use cases here, and shorthands for calling them."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.hasher = CountingPasswordHasher()
        self.tokens = SessionTokens(JwtAccessTokens(KEYS, clock=clock), HmacRefreshTokens(KEYS))
        self.mailer = RecordingMailer()

    async def log_in(
        self, password: str = PASSWORD, *, username: str = ADDRESS.value, client: str = "203.0.113.7"
    ) -> TokenPair:
        grant = PasswordGrant(username=username, password=password, client=client)
        return await issue_tokens(
            grant, uow=self.uow, clock=self.clock, hasher=self.hasher, tokens=self.tokens
        )

    async def forgot(self, email: EmailAddress = ADDRESS, client: str = "203.0.113.7") -> None:
        await request_password_reset(email, client=client, uow=self.uow, clock=self.clock)

    async def mailed_token(self) -> str:
        job = self.store.jobs[-1]
        assert isinstance(job, SendOneTimeToken)
        await send_one_time_token(job, uow=self.uow, clock=self.clock, tokens=ONE_TIME, mailer=self.mailer)
        return self.mailer.sent[-1][3]["token"]

    async def reset(self, token: str, password: str = NEW_PASSWORD) -> None:
        command = PasswordReset(token=token, password=password)
        await reset_password(command, uow=self.uow, clock=self.clock, hasher=self.hasher, tokens=ONE_TIME)

    async def change(self, member: Member, pair: TokenPair, *, current: str = PASSWORD) -> None:
        actor = make_actor(member_id=member.id, session_id=pair.refresh.session_id)
        command = PasswordChange(current_password=current, password=NEW_PASSWORD)
        await change_password(command, actor=actor, uow=self.uow, clock=self.clock, hasher=self.hasher)

    def actions(self) -> list[str]:
        return [entry.action for entry in self.store.audit]


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


@pytest.fixture
def marta(office: Office) -> Member:
    member = make_member(email=ADDRESS, password_hash=f"hash:{PASSWORD}", language=Language.SPANISH)
    office.store.members[member.id] = member
    return member


# Forgotten passwords


async def test_new_password_works_and_every_session_ends_when_reset(office: Office, marta: Member) -> None:
    await office.log_in()
    await office.forgot()
    token = await office.mailed_token()

    await office.reset(token)

    assert office.mailer.sent[-1][:3] == (MailTemplate.RECOVERY, ADDRESS, Language.SPANISH)
    (session,) = office.store.sessions.values()
    assert session.revoked_at == office.clock.now()
    with pytest.raises(InvalidGrantError):
        await office.log_in()
    await office.log_in(NEW_PASSWORD)
    assert office.actions() == ["auth:log-in", "auth:recover-account", "auth:log-in-failed", "auth:log-in"]
    assert office.store.audit[1].subject_id == marta.id


@pytest.mark.parametrize("way", ["reset", "change"])
async def test_the_owner_is_told_when_there_is_a_new_password(
    office: Office, marta: Member, way: str
) -> None:
    if way == "reset":
        await office.forgot()
        await office.reset(await office.mailed_token())
    else:
        await office.change(marta, await office.log_in())

    job = office.store.jobs[-1]
    assert isinstance(job, SendPasswordChangedNotice)
    await send_notice(job, uow=office.uow, mailer=office.mailer)
    mail = (MailTemplate.CREDENTIALS_CHANGED, ADDRESS, Language.SPANISH, {"name": marta.full_name})
    assert office.mailer.sent[-1] == (*mail, job.notice_id)


async def test_no_further_mail_when_five_were_asked_for(office: Office, marta: Member) -> None:
    for number in range(6):
        await office.forgot(client=f"203.0.113.{number}")
    assert len(office.store.jobs) == 5

    office.clock.move(timedelta(minutes=29))
    await office.reset(await office.mailed_token())
    assert office.store.members[marta.id].password_hash == f"hash:{NEW_PASSWORD}"


async def test_refuses_a_reset_token_when_it_was_used_or_replaced(office: Office, marta: Member) -> None:
    assert marta.is_active
    await office.forgot()
    older = await office.mailed_token()
    await office.forgot()
    newer = await office.mailed_token()

    with pytest.raises(OneTimeTokenError):
        await office.reset(older)
    await office.reset(newer)
    with pytest.raises(OneTimeTokenError):
        await office.reset(newer)


@pytest.mark.parametrize(("minutes", "good"), [(29, True), (30, False)])
async def test_reset_token_lasts_30_minutes_when_unused(
    office: Office, marta: Member, minutes: int, good: bool
) -> None:
    await office.forgot()
    token = await office.mailed_token()
    office.clock.move(timedelta(minutes=minutes))

    if good:
        await office.reset(token)
    else:
        with pytest.raises(OneTimeTokenError):
            await office.reset(token)
    assert office.store.members[marta.id].password_hash == f"hash:{NEW_PASSWORD if good else PASSWORD}"


async def test_verification_token_sets_no_password_when_presented(office: Office, marta: Member) -> None:
    token = OneTimeToken.issue(member_id=marta.id, purpose=OneTimePurpose.VERIFY_EMAIL, at=office.clock.now())
    office.store.one_time_tokens[token.id] = token

    with pytest.raises(OneTimeTokenError):
        await office.reset(ONE_TIME.text(token.id, OneTimePurpose.VERIFY_EMAIL))


@pytest.mark.parametrize("case", ["unknown", "inactive", "erased"])
async def test_stores_a_job_that_sends_nothing_when_there_is_nobody_to_write_to(
    office: Office, marta: Member, case: str
) -> None:
    if case == "inactive":
        marta.is_active = False
    elif case == "erased":
        marta.erase(admins=set(), at=office.clock.now())
    address = EmailAddress("no@pau2.example") if case == "unknown" else marta.email

    await office.forgot(address)

    (job,) = office.store.jobs
    assert isinstance(job, SendOneTimeToken)
    await send_one_time_token(job, uow=office.uow, clock=office.clock, tokens=ONE_TIME, mailer=office.mailer)
    assert (office.mailer.sent, office.store.one_time_tokens) == ([], {})


async def test_refuses_a_reset_when_the_account_was_closed_meanwhile(office: Office, marta: Member) -> None:
    await office.forgot()
    token = await office.mailed_token()
    office.store.members[marta.id].is_active = False

    with pytest.raises(OneTimeTokenError):
        await office.reset(token)


async def test_refuses_a_reset_when_the_token_was_replaced_while_the_hash_is_computed(
    office: Office, marta: Member
) -> None:
    await office.forgot()
    token = await office.mailed_token()

    class SlowPasswordHasher(CountingPasswordHasher):
        async def hash(self, password: Password) -> str:
            office.store.one_time_tokens.clear()
            return await super().hash(password)

    office.hasher = SlowPasswordHasher()

    with pytest.raises(OneTimeTokenError):
        await office.reset(token)
    assert office.store.members[marta.id].password_hash == f"hash:{PASSWORD}"


async def test_token_stays_good_when_the_new_password_is_refused(office: Office, marta: Member) -> None:
    assert marta.is_active
    await office.forgot()
    token = await office.mailed_token()

    with pytest.raises(PasswordTooCommonError):
        await office.reset(token, "marta marta marta")

    await office.reset(token)


async def test_proves_the_address_when_reset_by_mail(office: Office, marta: Member) -> None:
    marta.email_verified_at = None
    await office.forgot()

    await office.reset(await office.mailed_token())

    assert office.store.members[marta.id].email_verified_at == office.clock.now()


# Changed passwords


async def test_other_sessions_and_mailed_tokens_end_when_the_password_is_changed(
    office: Office, marta: Member
) -> None:
    here, there = await office.log_in(), await office.log_in()
    await office.forgot()
    token = await office.mailed_token()

    await office.change(marta, here)

    assert office.store.sessions[here.refresh.session_id].revoked_at is None
    assert office.store.sessions[there.refresh.session_id].revoked_at == office.clock.now()
    with pytest.raises(OneTimeTokenError):
        await office.reset(token)
    await office.log_in(NEW_PASSWORD)
    assert "auth:change-password" in office.actions()


async def test_refuses_to_change_when_the_current_password_is_wrong(office: Office, marta: Member) -> None:
    pair = await office.log_in()

    for _ in range(10):
        with pytest.raises(CurrentPasswordError):
            await office.change(marta, pair, current=WRONG)
    with pytest.raises(TooManyAttemptsError):
        await office.change(marta, pair)

    assert office.store.members[marta.id].password_hash == f"hash:{PASSWORD}"


async def test_refuses_to_change_when_the_password_was_changed_meanwhile(
    office: Office, marta: Member
) -> None:
    pair = await office.log_in()

    class SlowPasswordHasher(CountingPasswordHasher):
        async def hash(self, password: Password) -> str:
            office.store.members[marta.id].password_hash = "hash:other"
            return await super().hash(password)

    office.hasher = SlowPasswordHasher()

    with pytest.raises(CurrentPasswordError):
        await office.change(marta, pair)


# Failed log-ins


@pytest.mark.parametrize("username", [ADDRESS.value, "nobody@pau2.example", "no address"])
async def test_has_to_wait_whether_the_account_exists_or_not_after_10_failures(
    office: Office, marta: Member, username: str
) -> None:
    assert marta.may_log_in
    for number in range(10):
        with pytest.raises(InvalidGrantError):
            await office.log_in(WRONG, username=username, client=f"203.0.113.{number}")
    hashes = office.hasher.verified
    office.clock.move(timedelta(minutes=1))

    with pytest.raises(TooManyAttemptsError) as raised:
        await office.log_in(username=username, client="203.0.113.99")

    assert raised.value.retry_after == timedelta(minutes=4)
    assert office.hasher.verified == hashes
    office.clock.move(timedelta(minutes=4))
    with pytest.raises(InvalidGrantError):
        await office.log_in(WRONG, username=username)


async def test_spelling_gives_no_further_guesses_when_an_address_is_written_otherwise(
    office: Office, marta: Member
) -> None:
    assert marta.may_log_in
    for name in ("MARTA", " marta", "\uff4darta", "Marta", "mArta") * 2:
        with pytest.raises(InvalidGrantError):
            await office.log_in(WRONG, username=f"{name}@pau2.example", client=name)

    with pytest.raises(TooManyAttemptsError):
        await office.log_in()


async def test_client_has_to_wait_when_it_failed_at_10_accounts(office: Office, marta: Member) -> None:
    assert marta.may_log_in
    for number in range(10):
        with pytest.raises(InvalidGrantError):
            await office.log_in(WRONG, username=f"n{number}@pau2.example")

    with pytest.raises(TooManyAttemptsError):
        await office.log_in()
    await office.log_in(client="203.0.113.8")


async def test_is_never_stopped_when_every_log_in_succeeds(office: Office, marta: Member) -> None:
    assert marta.may_log_in
    for _ in range(12):
        await office.log_in()


async def test_counts_only_failures_when_attempts_succeed(office: Office, marta: Member) -> None:
    with pytest.raises(InvalidGrantError):
        await office.log_in(WRONG)

    await office.change(marta, await office.log_in())

    assert [count.attempts for count in office.store.login_attempts.values()] == [1, 1]


async def test_may_log_in_at_once_when_the_password_was_reset(office: Office, marta: Member) -> None:
    assert marta.may_log_in
    for number in range(12):
        with pytest.raises((InvalidGrantError, TooManyAttemptsError)):
            await office.log_in(WRONG, client=f"203.0.113.{number}")

    await office.forgot()
    await office.reset(await office.mailed_token())

    await office.log_in(NEW_PASSWORD, client="203.0.113.99")


# Retention


async def test_forgets_what_ended_30_days_ago_when_the_time_has_come(office: Office, marta: Member) -> None:
    now = office.clock.now()
    old, recent = (make_session(marta, at=now - timedelta(days=days)) for days in (44, 43))
    for session in (old, recent):
        office.store.sessions[session.id] = session
    await office.forgot()
    with pytest.raises(InvalidGrantError):
        await office.log_in(WRONG)

    office.clock.move(timedelta(minutes=31))
    await forget_old_proofs(uow=office.uow, clock=office.clock)

    assert list(office.store.sessions) == [recent.id]
    assert len(office.store.one_time_tokens) == 1
    assert office.store.login_attempts == {}
    office.clock.move(timedelta(days=31))
    await forget_old_proofs(uow=office.uow, clock=office.clock)
    assert (office.store.sessions, office.store.one_time_tokens) == ({}, {})


async def test_refresh_tokens_are_not_mailed_tokens_when_presented(office: Office) -> None:
    pair = HmacRefreshTokens(KEYS).first(make_session(make_member()).id)

    with pytest.raises(OneTimeTokenError):
        await office.reset(pair.text)
