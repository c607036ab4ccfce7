"""The idempotent unit of work on PostgreSQL."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.application.access import Actor
from app.application.idempotency import (
    IdempotentRequest,
    StoredResponse,
    StoredResponseFoundError,
    delete_expired_responses,
)
from app.application.news import create_article
from app.core.database import Database
from app.domain.members.member import Role
from app.domain.news import ArticleDraft, ArticleScope, ArticleTitleError
from app.infrastructure.database.idempotency import SqlAlchemyStoredResponses
from app.infrastructure.database.idempotent_unit_of_work import SqlAlchemyIdempotentUnitOfWork
from app.infrastructure.database.news import news
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import make_actor, make_member
from tests.fakes import FixedClock


class IdempotencyDriver:
    """Makes a unit of work for each attempt of one author."""

    def __init__(self, database: Database, clock: FixedClock, actor: Actor) -> None:
        self.database = database
        self.clock = clock
        self.actor = actor
        self.idempotent_request = IdempotentRequest.of(
            actor.member_id, route="r", key="k", path="/p", body=b"{}"
        )

    def uow(self) -> SqlAlchemyIdempotentUnitOfWork:
        return SqlAlchemyIdempotentUnitOfWork(
            self.database.sessions, self.idempotent_request, clock=self.clock
        )

    async def create(self, uow: SqlAlchemyIdempotentUnitOfWork, title: str = "T") -> None:
        draft = ArticleDraft(
            title=title, summary=None, content="C", cover_url=None, scope=ArticleScope.PUBLIC
        )
        await create_article(draft, actor=self.actor, uow=uow, clock=self.clock)

    async def is_known(self) -> bool:
        try:
            async with self.uow():
                return False
        except StoredResponseFoundError as error:
            return error.response == ANSWER


ANSWER = StoredResponse(201, {"etag": '"1"'}, b"{}")


@pytest.fixture
async def driver(database: Database, uow: SqlAlchemyUnitOfWork, clock: FixedClock) -> IdempotencyDriver:
    member = make_member(role=Role.BOARD_MEMBER)
    async with uow:
        uow.members.add(member)
        await uow.commit()
    return IdempotencyDriver(database, clock, make_actor(Role.BOARD_MEMBER, member_id=member.id))


async def test_gives_the_answer_until_it_is_a_day_old(driver: IdempotencyDriver) -> None:
    unit = driver.uow()
    await driver.create(unit)
    await unit.complete(ANSWER)

    driver.clock.move(timedelta(hours=24, microseconds=-1))
    assert await driver.is_known()

    driver.clock.move(timedelta(microseconds=1))
    assert not await driver.is_known()
    second = driver.uow()
    await driver.create(second)
    await second.complete(ANSWER)
    assert await driver.is_known()


async def test_forgets_answers_when_they_are_a_day_old(driver: IdempotencyDriver) -> None:
    unit = driver.uow()
    await driver.create(unit)
    await unit.complete(ANSWER)
    responses = SqlAlchemyStoredResponses(driver.database.sessions)

    driver.clock.move(timedelta(hours=24, microseconds=-1))
    await delete_expired_responses(responses=responses, clock=driver.clock)
    assert await driver.is_known()

    driver.clock.move(timedelta(microseconds=1))
    await delete_expired_responses(responses=responses, clock=driver.clock)
    driver.clock.at -= timedelta(hours=1)
    assert not await driver.is_known()


async def test_leaves_nothing_when_it_is_closed_without_an_answer(driver: IdempotencyDriver) -> None:
    unit = driver.uow()
    await driver.create(unit)
    await unit.close()
    await unit.complete(ANSWER)

    assert not await driver.is_known()


async def test_leaves_nothing_when_an_error_comes_after_the_commit(driver: IdempotencyDriver) -> None:
    unit = driver.uow()

    async def fail() -> None:
        async with unit:
            await unit.commit()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await unit.complete(ANSWER)

    assert not await driver.is_known()


async def test_commits_everything_together_when_entered_twice(driver: IdempotencyDriver) -> None:
    unit = driver.uow()
    await driver.create(unit, "First")
    await driver.create(unit, "Second")
    await unit.complete(ANSWER)

    assert await driver.is_known()
    assert await count(driver.database) == 2


async def test_releases_the_key_when_the_domain_refuses(driver: IdempotencyDriver) -> None:
    with pytest.raises(ArticleTitleError):
        await driver.create(driver.uow(), " ")

    assert not await driver.is_known()
    assert await count(driver.database) == 0


async def count(database: Database) -> int:
    async with database.snapshot() as connection:
        return int(await connection.scalar(select(func.count()).select_from(news)) or 0)
