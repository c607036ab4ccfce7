from app.application import email_changes
from app.application.access import Action
from app.domain.auth import OneTimeTokenError
from app.domain.errors import LimitExceededError
from app.domain.members import EmailAddressError, EmailTakenError
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
    """Ask for another address. It counts once you confirm it with the token mailed to it, within 24 hours.

    Needs a password that was entered within the hour. A mail to your current address says that you asked;
    a new password withdraws the change, as your current address does. The answer is the same for an address
    that another member has: its owner gets another mail. At most 5 requests in half an hour. It has no
    version: no `If-Match`.
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
    """Redeem the token from the mail, the newest only. From then on you log in with the new address.

    All your sessions end but the one that asked for the change, earlier mails stop working, and a mail
    tells the old address. Sent again, the token changes nothing.
    """
    await email_changes.confirm_email_change(body.token, uow=uow, clock=clock, tokens=tokens)
