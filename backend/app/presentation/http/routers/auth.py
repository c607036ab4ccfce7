from typing import Annotated

from fastapi import Form, Response

from app.application import auth, registrations
from app.application.access import Action
from app.domain.auth import (
    InvalidGrantError,
    OneTimeTokenError,
    PasswordLengthError,
    PasswordTooCommonError,
)
from app.domain.members.contact_details import EmailAddressError, PhoneNumberError
from app.domain.members.member import FullNameError
from app.domain.rate_limits import TooManyAttemptsError
from app.presentation.http.clients import ClientName
from app.presentation.http.dependencies import (
    ClientAddress,
    ClockDep,
    HasherDep,
    OneTimeTokensDep,
    SessionTokensDep,
    UowDep,
)
from app.presentation.http.languages import LanguageDep
from app.presentation.http.oauth import InvalidRequestError, UnsupportedGrantTypeError
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.auth import (
    Accepted,
    EmailVerification,
    MailRequest,
    RegistrationCreate,
    TokenCreate,
    TokenRead,
    TokenRevocation,
)

router = api_router("/auth", "auth")


@router.post(
    "/register",
    status_code=202,
    summary="Register",
    **operation(
        Action.REGISTER,
        EmailAddressError,
        FullNameError,
        PhoneNumberError,
        PasswordLengthError,
        PasswordTooCommonError,
    ),
)
async def register_member(
    *,
    body: RegistrationCreate,
    language: LanguageDep,
    client: ClientAddress,
    uow: UowDep,
    clock: ClockDep,
    hasher: HasherDep,
) -> Accepted:
    """Ask for an account. A mail explains the next step.

    The response is the same for an address that already has an account: its owner gets a different mail. For
    an address that is not verified yet, the newest registration counts; an invited member gets the invitation
    again. Limits: 5 mails in half an hour to one address, and 20 registrations by one client. Beyond them
    nothing is stored, and the response stays the same.
    """
    await registrations.register_member(
        body.to_command(language, client), uow=uow, clock=clock, hasher=hasher
    )
    return Accepted()


@router.post(
    "/email/verify",
    status_code=204,
    summary="Verify an e-mail address",
    **operation(Action.REGISTER, OneTimeTokenError),
)
async def verify_email(
    body: EmailVerification, uow: UowDep, clock: ClockDep, tokens: OneTimeTokensDep
) -> None:
    """Redeem the newest token from the mail, once, within 24 hours. Then log in."""
    await registrations.verify_email(body.token, uow=uow, clock=clock, tokens=tokens)


@router.post(
    "/email/resend",
    status_code=202,
    summary="Ask for another verification mail",
    **operation(Action.REGISTER, EmailAddressError),
)
async def resend_verification(
    body: MailRequest, client: ClientAddress, uow: UowDep, clock: ClockDep
) -> Accepted:
    """Get a new token by mail if the address awaits verification. Earlier tokens stop working.

    An invited member gets the invitation again. Limits: 5 mails in half an hour to one address, and as many
    for one client. The response is always the same.
    """
    await registrations.resend_verification(body.to_email(), client=client, uow=uow, clock=clock)
    return Accepted()


@router.post(
    "/token",
    summary="Get tokens",
    **operation(
        Action.LOG_IN,
        InvalidGrantError,
        InvalidRequestError,
        UnsupportedGrantTypeError,
        TooManyAttemptsError,
    ),
)
async def issue_tokens(
    *,
    form: Annotated[TokenCreate, Form()],
    client: ClientAddress,
    client_name: ClientName,
    uow: UowDep,
    clock: ClockDep,
    hasher: HasherDep,
    tokens: SessionTokensDep,
    response: Response,
) -> TokenRead:
    """Log in with `grant_type=password`, or exchange a `refresh_token` (OAuth 2, RFC 6749).

    Each refresh token works for one exchange. If the response was lost, repeat the exchange: you get the same
    new token again as long as nobody has used it. Using an older token ends the session.
    Errors follow RFC 6749 §5.2. Log in again when `error` is `invalid_grant`, and only then: it means a wrong
    password, an unknown address, or an account that is not verified or not active.
    After 10 failed log-ins within 5 minutes, for one address or from one client, you have to wait. You can
    reset the password at any time.

    Some actions require a password that was entered within the hour. To enter it again, send your
    `refresh_token` along with the password: the new session then replaces the old one.
    """
    grant = form.to_grant(client, client_name)
    pair = await auth.issue_tokens(grant, uow=uow, clock=clock, hasher=hasher, tokens=tokens)
    response.headers["Pragma"] = "no-cache"  # RFC 6749 §5.1
    return TokenRead.of(pair)


@router.post(
    "/revoke",
    response_class=Response,
    summary="Log out",
    **operation(Action.LOG_IN, InvalidRequestError),
)
async def revoke_token(
    form: Annotated[TokenRevocation, Form()], uow: UowDep, clock: ClockDep, tokens: SessionTokensDep
) -> None:
    """End the session of a refresh or access token immediately (RFC 7009). Unknown tokens cause no error."""
    await auth.revoke_token(form.token, uow=uow, clock=clock, tokens=tokens)
