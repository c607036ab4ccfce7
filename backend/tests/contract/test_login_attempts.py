from datetime import timedelta

from app.application.unit_of_work import UnitOfWork
from app.domain.login_attempts import AttemptCount, account_key, client_key
from tests.factories import NOW

ACCOUNT, CLIENT = account_key("marta@pau2.example"), client_key("203.0.113.7")
WINDOW = timedelta(minutes=5)


async def test_counts_up_and_down_but_not_below_zero_when_added(any_uow: UnitOfWork) -> None:
    async with any_uow:
        first = await any_uow.login_attempts.add(1, (ACCOUNT, CLIENT), at=NOW)
        second = await any_uow.login_attempts.add(1, (ACCOUNT,), at=NOW + timedelta(minutes=1))
        less = await any_uow.login_attempts.add(-1, (ACCOUNT,), at=NOW)
        least = await any_uow.login_attempts.add(-3, (ACCOUNT,), at=NOW)
        fresh = await any_uow.login_attempts.add(-1, (client_key("203.0.113.8"),), at=NOW)
        await any_uow.commit()

    assert first == [AttemptCount(1, NOW + WINDOW)] * 2
    assert second == [AttemptCount(2, NOW + WINDOW)]
    assert (less, least) == ([AttemptCount(1, NOW + WINDOW)], [AttemptCount(0, NOW + WINDOW)])
    assert fresh == [AttemptCount(0, NOW + WINDOW)]


async def test_begins_anew_when_the_window_has_ended(any_uow: UnitOfWork) -> None:
    async with any_uow:
        await any_uow.login_attempts.add(11, (ACCOUNT,), at=NOW)
        just_before = await any_uow.login_attempts.add(1, (ACCOUNT,), at=NOW + timedelta(seconds=299))
        after = await any_uow.login_attempts.add(1, (ACCOUNT,), at=NOW + WINDOW)

    assert just_before == [AttemptCount(12, NOW + WINDOW)]
    assert after == [AttemptCount(1, NOW + 2 * WINDOW)]


async def test_forgets_one_key_or_what_has_ended_when_asked(any_uow: UnitOfWork) -> None:
    async with any_uow:
        await any_uow.login_attempts.add(5, (ACCOUNT, CLIENT), at=NOW)
        await any_uow.login_attempts.forget(ACCOUNT)
        await any_uow.login_attempts.remove_ended(before=NOW + WINDOW)
        kept = await any_uow.login_attempts.add(1, (CLIENT,), at=NOW)
        await any_uow.login_attempts.remove_ended(before=NOW + WINDOW + timedelta(microseconds=1))
        gone = await any_uow.login_attempts.add(1, (CLIENT, ACCOUNT), at=NOW)

    assert [count.attempts for count in (*kept, *gone)] == [6, 1, 1]
