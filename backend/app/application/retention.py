"""What is not needed any more is deleted (GDPR article 5.1 e; ASVS 5.0 14.2.4)."""

from datetime import timedelta

from app.domain.ports import Clock, UnitOfWork

PROOFS_KEPT_FOR = timedelta(days=30)
"""How long sessions, one-time tokens and changes of address stay after their end, to answer questions about
an abuse."""


async def forget_old_proofs(*, uow: UnitOfWork, clock: Clock) -> None:
    now = clock.now()
    async with uow:
        await uow.sessions.remove_ended(before=now - PROOFS_KEPT_FOR)
        await uow.one_time_tokens.remove_expired(before=now - PROOFS_KEPT_FOR)
        await uow.email_changes.remove_expired(before=now - PROOFS_KEPT_FOR)
        await uow.login_attempts.remove_ended(before=now)
        await uow.commit()
