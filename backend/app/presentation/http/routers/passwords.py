from app.application import passwords
from app.application.access import Action
from app.domain.auth import (
    CurrentPasswordError,
    OneTimeTokenError,
    PasswordLengthError,
    PasswordTooCommonError,
)
from app.domain.members.contact_details import EmailAddressError
from app.domain.rate_limits import TooManyAttemptsError
from app.presentation.http.dependencies import (
    ClientAddress,
    ClockDep,
    CurrentActor,
    HasherDep,
    OneTimeTokensDep,
    UowDep,
)
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.auth import (
    Accepted,
    MailRequest,
    PasswordResetCreate,
    PasswordUpdate,
)

router = api_router("/auth/password", "auth")
VALIDATION_ERRORS = (PasswordLengthError, PasswordTooCommonError)


@router.post(
    "/forgot",
    status_code=202,
    summary="Ask for a password reset",
    **operation(Action.RECOVER_ACCOUNT, EmailAddressError),
)
async def request_password_reset(
    body: MailRequest, client: ClientAddress, uow: UowDep, clock: ClockDep
) -> Accepted:
    """Get a token by mail if the address has an account. Earlier tokens stop working.

    Limits: 5 mails in half an hour to one address, and as many for one client. The response is always the
    same.
    """
    await passwords.request_password_reset(body.to_email(), client=client, uow=uow, clock=clock)
    return Accepted()


@router.post(
    "/reset",
    status_code=204,
    summary="Reset the password",
    **operation(Action.RECOVER_ACCOUNT, OneTimeTokenError, *VALIDATION_ERRORS),
)
async def reset_password(
    body: PasswordResetCreate, uow: UowDep, clock: ClockDep, hasher: HasherDep, tokens: OneTimeTokensDep
) -> None:
    """Choose a password with the token of a reset mail (within 30 minutes) or an invitation (7 days).

    Only the newest token works, and only once. All sessions end, and a mail confirms the change. Log in with
    the new password.
    """
    await passwords.reset_password(body.to_command(), uow=uow, clock=clock, hasher=hasher, tokens=tokens)


@router.put(
    "",
    status_code=204,
    summary="Change your password",
    **operation(Action.CHANGE_CREDENTIALS, CurrentPasswordError, TooManyAttemptsError, *VALIDATION_ERRORS),
)
async def change_password(
    body: PasswordUpdate, actor: CurrentActor, uow: UowDep, clock: ClockDep, hasher: HasherDep
) -> None:
    """Replace your password. Your other sessions end, and a mail confirms the change.

    It has no version, so it needs no `If-Match`.
    """
    await passwords.change_password(body.to_command(), actor=actor, uow=uow, clock=clock, hasher=hasher)
