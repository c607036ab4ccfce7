from datetime import timedelta

from app.application.unit_of_work import UnitOfWork
from app.domain.rate_limits import RateLimitCount, account_key, client_key
from tests.factories import NOW

ACCOUNT = account_key("marta@pau2.example")
CLIENT = client_key("203.0.113.7")
WINDOW = timedelta(minutes=5)


async def test_counts_up_and_down_but_not_below_zero_when_hit(any_uow: UnitOfWork) -> None:
    async with any_uow:
        first = await any_uow.rate_limits.hit((ACCOUNT, CLIENT), at=NOW)
        second = await any_uow.rate_limits.hit((ACCOUNT,), at=NOW + timedelta(minutes=1))
        less = await any_uow.rate_limits.undo_hit((ACCOUNT,), at=NOW)
        await any_uow.rate_limits.undo_hit((ACCOUNT,), at=NOW)
        least = await any_uow.rate_limits.undo_hit((ACCOUNT,), at=NOW)
        fresh = await any_uow.rate_limits.undo_hit((client_key("203.0.113.8"),), at=NOW)
        await any_uow.commit()

    assert first == [RateLimitCount(1, NOW + WINDOW)] * 2
    assert second == [RateLimitCount(2, NOW + WINDOW)]
    assert (less, least) == ([RateLimitCount(1, NOW + WINDOW)], [RateLimitCount(0, NOW + WINDOW)])
    assert fresh == [RateLimitCount(0, NOW + WINDOW)]


async def test_begins_anew_when_the_window_has_ended(any_uow: UnitOfWork) -> None:
    async with any_uow:
        for _ in range(11):
            await any_uow.rate_limits.hit((ACCOUNT,), at=NOW)
        just_before = await any_uow.rate_limits.hit((ACCOUNT,), at=NOW + timedelta(seconds=299))
        after = await any_uow.rate_limits.hit((ACCOUNT,), at=NOW + WINDOW)

    assert just_before == [RateLimitCount(12, NOW + WINDOW)]
    assert after == [RateLimitCount(1, NOW + 2 * WINDOW)]


async def test_deletes_one_key_or_ended_windows_when_asked(any_uow: UnitOfWork) -> None:
    async with any_uow:
        for _ in range(5):
            await any_uow.rate_limits.hit((ACCOUNT, CLIENT), at=NOW)
        await any_uow.rate_limits.clear(ACCOUNT)
        await any_uow.rate_limits.remove_ended(before=NOW + WINDOW)
        kept = await any_uow.rate_limits.hit((CLIENT,), at=NOW)
        await any_uow.rate_limits.remove_ended(before=NOW + WINDOW + timedelta(microseconds=1))
        gone = await any_uow.rate_limits.hit((CLIENT, ACCOUNT), at=NOW)

    assert [count.hits for count in (*kept, *gone)] == [6, 1, 1]
