"""The limit on mails to others that somebody who is logged in can cause."""

from uuid import UUID

from app.domain.errors import TooManyRequestsError
from app.domain.login_attempts import MAILS, client_key
from app.domain.members import EmailAddress
from app.domain.ports import Clock, UnitOfWork


async def require_mail_left(to: EmailAddress, *, about: UUID, uow: UnitOfWork, clock: Clock) -> None:
    """Count a mail by recipient and by the account that it is about.

    The counts are apart from those of mails that anybody can ask for, so this cannot stop somebody else's
    recovery. They are rolled back with a refusal. Raises TooManyRequestsError.
    """
    keys = (
        client_key(to.value, what_for="account mail recipient"),
        client_key(str(about), what_for="account mail"),
    )
    counts = await uow.login_attempts.add(1, keys, at=clock.now(), limit=MAILS)
    waits = [count.window_ends_at - clock.now() for count in counts if count.attempts > MAILS.attempts]
    if waits:
        raise TooManyRequestsError(max(waits))
