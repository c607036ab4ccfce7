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
from app.domain.members import EmailAddressError, FullNameError, PhoneNumberError
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
    """Ask for an account. A mail says how to go on.

    The answer is the same for an address that has an account already: its owner gets another mail. Of an
    address that nobody has verified the newest registration counts; whoever was invited gets the invitation
    again. In half an hour at most 5 mails go to one address, and one client registers at most 20 times: then
    nothing is stored, and the answer is the same.
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
    """Redeem the token from the mail: once, within 24 hours, the newest only. Then log in."""
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
    """Get a new token by mail, if the address waits for verification; earlier ones stop working.

    Whoever was invited gets the invitation again.
    At most 5 mails in half an hour, to one address or at the request of one client. The answer is the same.
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
    """OAuth 2 (RFC 6749): log in by `grant_type=password`, or exchange a `refresh_token`.

    Each refresh token is good for one exchange. If its answer was lost, repeat the exchange: as long as
    nobody used the new refresh token, you get the same one again. An older token ends the session.
    Refusals are those of RFC 6749 §5.2: log in again when `error` is `invalid_grant`, and only then.
    Wrong password, unknown address and an account that is not verified or not active look the same.
    After 10 failed log-ins within 5 minutes, for one address or from one client, you have to wait;
    resetting the password works at any time.

    To enter the password again, for what needs it within the hour, send your `refresh_token` with it: the
    new session then replaces the old one instead of standing beside it.
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
    """End the session of a refresh or access token at once (RFC 7009). Unknown tokens are fine."""
    await auth.revoke_token(form.token, uow=uow, clock=clock, tokens=tokens)
