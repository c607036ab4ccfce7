from app.application import email_changes
from app.application.access import Action
from app.domain.auth import OneTimeTokenError
from app.domain.errors import LimitExceededError
from app.domain.members.contact_details import EmailAddressError
from app.domain.members.member import EmailTakenError
from app.presentation.http.dependencies import ClockDep, CurrentActor, EmailChangeTokensDep, UowDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.auth import Accepted, EmailVerification, MailRequest

router = api_router("/auth/email", "auth")


@router.put(
    "",
    status_code=202,
    summary="Change your e-mail address",
    **operation(Action.CHANGE_EMAIL, EmailAddressError, LimitExceededError),
)
async def request_email_change(
    body: MailRequest, actor: CurrentActor, uow: UowDep, clock: ClockDep
) -> Accepted:
    """Ask for another address. It takes effect when you confirm it with the mailed token, within 24 hours.

    Requires a password that was entered within the hour. A mail informs your current address. To withdraw
    the change, choose a new password or request your current address. The response is the same for an address
    that another member has: its owner gets a different mail. Limit: 5 requests in half an hour. It has no
    version, so it needs no `If-Match`.
    """
    await email_changes.request_email_change(body.to_email(), actor=actor, uow=uow, clock=clock)
    return Accepted()


@router.post(
    "/confirm",
    status_code=204,
    summary="Confirm your new e-mail address",
    **operation(Action.CONFIRM_EMAIL, OneTimeTokenError, EmailTakenError),
)
async def confirm_email_change(
    body: EmailVerification, uow: UowDep, clock: ClockDep, tokens: EmailChangeTokensDep
) -> None:
    """Redeem the newest token from the mail. From then on you log in with the new address.

    All your sessions end except the one that requested the change, tokens of earlier mails stop working, and
    a mail informs the old address. Redeeming the token again changes nothing.
    """
    await email_changes.confirm_email_change(body.token, uow=uow, clock=clock, tokens=tokens)
