"""Schemas of accounts, tokens and sessions."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.application.auth import PasswordGrant, RefreshGrant, TokenPair
from app.application.passwords import PasswordChange, PasswordReset
from app.application.registrations import Registration
from app.application.sessions_queries import SessionSort
from app.domain.auth import Password
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import Language
from app.presentation.addresses import email_address, username
from app.presentation.http.pagination import PageOf, PageParams
from app.presentation.http.schemas.base import Schema, Text, View
from app.presentation.http.schemas.members import Email, FullName, Phone

MAX_SECRET_LENGTH = 1000
BEARER: Final = "Bearer"

NewPassword = Annotated[
    Text,
    Field(
        max_length=MAX_SECRET_LENGTH,
        description=(
            f"{Password.MIN_LENGTH} to {Password.MAX_LENGTH} characters, of any kind. "
            "Common words, patterns and your own name do not count towards the length."
        ),
        examples=["seven herons at dawn"],
        json_schema_extra={"format": "password"},
    ),
]
Secret = Annotated[Text, Field(max_length=MAX_SECRET_LENGTH)]


class RegistrationCreate(Schema):
    email: Email
    password: NewPassword = Field(repr=False)
    full_name: FullName
    phone: Phone | None = None

    def to_command(self, language: Language, client: str) -> Registration:
        return Registration(
            email=email_address(self.email),
            password=self.password,
            full_name=self.full_name,
            phone=None if self.phone is None else PhoneNumber.parse(self.phone),
            language=language,
            client=client,
        )


class EmailVerification(Schema):
    token: Secret = Field(repr=False)


class MailRequest(Schema):
    email: Email

    def to_email(self) -> EmailAddress:
        return email_address(self.email)


class Accepted(View):
    """The same response for everybody, so that it does not reveal who has an account."""

    detail: Literal["If there is something to do, a mail is on its way."] = (
        "If there is something to do, a mail is on its way."
    )


class OAuthForm(Schema):
    """Parameters that this server does not know are ignored (RFC 6749 §3.2)."""

    model_config = ConfigDict(extra="ignore")


class TokenCreate(OAuthForm):
    grant_type: Literal["password", "refresh_token"]
    username: Secret | None = Field(None, repr=False, description="E-mail address, for `password`.")
    password: Secret | None = Field(None, repr=False, description="For `password`.")
    refresh_token: Secret | None = Field(
        None,
        repr=False,
        description="For `refresh_token`. With `password`: of the session that this log-in replaces.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        needed = {"password": {"username", "password"}, "refresh_token": {"refresh_token"}}
        if not needed[self.grant_type] <= given:
            raise PydanticCustomError(
                "grant_incomplete",
                "Send username and password for `password`, refresh_token for `refresh_token`",
            )
        return self

    def to_grant(self, client: str, client_name: str | None) -> PasswordGrant | RefreshGrant:
        if self.grant_type == "password":
            return PasswordGrant(
                username=username(self.username or ""),
                password=self.password or "",
                client=client,
                client_name=client_name,
                replaces=self.refresh_token,
            )
        return RefreshGrant(refresh_token=self.refresh_token or "")


class TokenRevocation(OAuthForm):
    token: Secret = Field(repr=False)
    token_type_hint: Text | None = Field(None, description="Accepted and ignored.")


class TokenRead(View):
    """RFC 6749 §5.1."""

    access_token: str
    token_type: Literal["Bearer"] = BEARER
    expires_in: int = Field(description="Seconds until the access token expires.", examples=[600])
    refresh_token: str = Field(description="Valid for one exchange, within 14 days.")

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        return cls(
            access_token=pair.access.text,
            expires_in=int(pair.access.expires_in.total_seconds()),
            refresh_token=pair.refresh.text,
        )


class PasswordResetCreate(Schema):
    token: Secret = Field(repr=False)
    password: NewPassword = Field(repr=False)

    def to_command(self) -> PasswordReset:
        return PasswordReset(token=self.token, password=self.password)


class PasswordUpdate(Schema):
    current_password: Secret = Field(repr=False, json_schema_extra={"format": "password"})
    password: NewPassword = Field(repr=False)

    def to_command(self) -> PasswordChange:
        return PasswordChange(current_password=self.current_password, password=self.password)


class SessionRead(View):
    id: UUID
    client_name: str | None = Field(
        description="The program that logged in; null if it is unknown.",
        examples=["Firefox on Android"],
    )
    authenticated_at: datetime = Field(description="The time at which the password was entered.")
    rotated_at: datetime = Field(description="The time at which tokens were last issued.")
    expires_at: datetime = Field(description="The time after which the session needs the password again.")
    current: bool = Field(description="True for the session that made the request.")


class SessionPage(PageOf[SessionRead]):
    """A page of your sessions."""


class SessionListParams(PageParams):
    sort: SessionSort = Field(SessionSort.NEWEST, description="`-` before a name: descending.")
