"""Drivers that call the use cases of accounts, so that tests state only what matters to them."""

from abc import ABC, abstractmethod

from app.application.auth import PasswordGrant, RefreshGrant, TokenPair, issue_tokens, revoke_token
from app.application.jobs import Job, SendNotice, SendOneTimeToken
from app.application.notices import send_notice
from app.application.one_time_tokens import send_one_time_token
from app.application.passwords import (
    PasswordChange,
    PasswordReset,
    change_password,
    request_password_reset,
    reset_password,
)
from app.application.ports import SessionTokens
from app.application.registrations import Registration, register_member, resend_verification, verify_email
from app.application.unit_of_work import UnitOfWork
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language, Member
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.infrastructure.security.signed_tokens import HmacOneTimeTokens, HmacRefreshTokens
from tests.factories import PASSWORD, make_actor
from tests.fakes import (
    FakePasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    RecordingMailer,
)

ADDRESS = EmailAddress("marta@pau2.example")
CLIENT = "203.0.113.7"
CLIENT_NAME = "Firefox on Android"
KEYS = {"test": "t" * 32}
NEW_PASSWORD = "seven herons at dawn"
ONE_TIME_TOKENS = HmacOneTimeTokens(KEYS)


class AccountDriver(ABC):
    """Calls the use cases of accounts, by default as Marta, whose address is ADDRESS."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.hasher = FakePasswordHasher()
        self.tokens = SessionTokens(JwtAccessTokens(KEYS, clock=clock), HmacRefreshTokens(KEYS))

    @abstractmethod
    def new_uow(self) -> UnitOfWork:
        """Return the unit of work for one call."""

    async def register(
        self,
        password: str = PASSWORD,
        *,
        email: EmailAddress = ADDRESS,
        full_name: str = "Marta",
        language: Language = Language.ENGLISH,
        client: str = CLIENT,
    ) -> None:
        registration = Registration(
            email=email, password=password, full_name=full_name, language=language, client=client
        )
        await register_member(registration, uow=self.new_uow(), clock=self.clock, hasher=self.hasher)

    async def resend(self, email: EmailAddress = ADDRESS, client: str = CLIENT) -> None:
        await resend_verification(email, client=client, uow=self.new_uow(), clock=self.clock)

    async def verify(self, token: str) -> None:
        await verify_email(token, uow=self.new_uow(), clock=self.clock, tokens=ONE_TIME_TOKENS)

    async def log_in(
        self,
        password: str = PASSWORD,
        *,
        username: str = ADDRESS.value,
        client: str = CLIENT,
        replaces: str | None = None,
    ) -> TokenPair:
        grant = PasswordGrant(
            username=username, password=password, client=client, client_name=CLIENT_NAME, replaces=replaces
        )
        return await self._issue(grant)

    async def refresh(self, token: str) -> TokenPair:
        return await self._issue(RefreshGrant(refresh_token=token))

    async def revoke(self, token: str) -> None:
        await revoke_token(token, uow=self.new_uow(), clock=self.clock, tokens=self.tokens)

    async def forgot(self, email: EmailAddress = ADDRESS, client: str = CLIENT) -> None:
        await request_password_reset(email, client=client, uow=self.new_uow(), clock=self.clock)

    async def reset(self, token: str, password: str = NEW_PASSWORD) -> None:
        await reset_password(
            PasswordReset(token=token, password=password),
            uow=self.new_uow(),
            clock=self.clock,
            hasher=self.hasher,
            tokens=ONE_TIME_TOKENS,
        )

    async def change(self, member: Member, pair: TokenPair, *, current: str = PASSWORD) -> None:
        """Change the password to NEW_PASSWORD in the session of `pair`."""
        actor = make_actor(member_id=member.id, session_id=pair.refresh.session_id)
        command = PasswordChange(current_password=current, password=NEW_PASSWORD)
        await change_password(command, actor=actor, uow=self.new_uow(), clock=self.clock, hasher=self.hasher)

    async def _issue(self, grant: PasswordGrant | RefreshGrant) -> TokenPair:
        return await issue_tokens(
            grant, uow=self.new_uow(), clock=self.clock, hasher=self.hasher, tokens=self.tokens
        )


class InMemoryAccounts(AccountDriver):
    """Accounts in memory, with the mails that were sent."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.mailer = RecordingMailer()

    def new_uow(self) -> InMemoryUnitOfWork:
        return self.uow

    def given(self, member: Member) -> Member:
        """Store a member."""
        self.store.members[member.id] = member
        return member

    async def run(self, job: Job) -> None:
        """Send the mail of a job."""
        if isinstance(job, SendOneTimeToken):
            await send_one_time_token(
                job, uow=self.uow, clock=self.clock, tokens=ONE_TIME_TOKENS, mailer=self.mailer
            )
        elif isinstance(job, SendNotice):
            await send_notice(job, uow=self.uow, mailer=self.mailer)

    async def mailed_token(self) -> str:
        """Run the newest job, and return the token in its mail."""
        await self.run(self.store.jobs[-1])
        return self.mailer.sent[-1][3]["token"]

    def is_live(self, pair: TokenPair) -> bool:
        """Return whether the session of the tokens is alive."""
        return self.store.sessions[pair.refresh.session_id].revoked_at is None

    def actions(self) -> list[str]:
        """Return the actions in the audit log."""
        return [entry.action for entry in self.store.audit]
