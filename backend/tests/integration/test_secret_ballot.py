"""Traces of an anonymous consultation that a superuser of PostgreSQL can read."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.consultations import close_consultation, create_response
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.questions import QuestionKind
from app.domain.members.member import Member, Role
from app.infrastructure.database.responses import ballots, erased_respondents, participations
from tests.factories import make_actor, make_answers, make_consultation, make_member, make_question
from tests.fakes import PlainAddressDigests
from tests.support.concurrency import ConcurrentClients

VOTERS = 24
TEXT = make_question(kind=QuestionKind.OPEN_TEXT, options=[])


class VotingDriver(ConcurrentClients):
    """Members who answer one consultation with a number each, so that any link would show."""

    def __init__(self, engine: AsyncEngine, owner: AsyncEngine) -> None:
        super().__init__(engine)
        self.owner = owner
        self.voters: list[Member] = [make_member(role=Role.MEMBER) for _ in range(VOTERS)]
        self.consultation: Consultation = make_consultation(
            created_by=self.voters[0].id, anonymous=True, questions=[TEXT]
        )

    async def vote(self) -> None:
        """Vote one after another, in the order of `voters`."""
        self.consultation.open(self.consultation.created_at)
        async with self.new_uow() as uow:
            for voter in self.voters:
                uow.members.add(voter)
            await uow.flush()
            uow.consultations.add(self.consultation)
            await uow.commit()
        for number, voter in enumerate(self.voters):
            actor = make_actor(Role.MEMBER, member_id=voter.id)
            answers = make_answers(self.consultation, f"n{number}")
            await create_response(
                self.consultation.id, answers, actor=actor, uow=self.new_uow(), digests=PlainAddressDigests()
            )

    async def close(self) -> None:
        await close_consultation(self.consultation.id, actor=make_actor(Role.ADMIN), uow=self.new_uow())

    async def rows(self, query: str) -> list[Any]:
        async with self.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            result = await connection.execute(text(query))
            return list(result) if result.returns_rows else []

    async def written(self) -> list[int]:
        """Return the numbers on the ballots, in physical order."""
        found = await self.rows("SELECT value FROM ballots, jsonb_each_text(texts) ORDER BY ballots.ctid")
        return [int(value.removeprefix("n")) for (value,) in found]


@pytest.fixture
async def driver(fresh_engine: AsyncEngine, owner_engine: AsyncEngine) -> VotingDriver:
    driver = VotingDriver(fresh_engine, owner_engine)
    await driver.vote()
    return driver


def test_tables_share_only_the_consultation_when_compared() -> None:
    def facts(table: Table) -> set[str]:
        return {column.name for column in table.c}

    assert facts(participations) == {"consultation_id", "member_id"}
    assert facts(ballots) == {"id", "consultation_id", "choices", "texts"}
    assert facts(erased_respondents) == {"consultation_id", "digest"}
    for table in (participations, ballots, erased_respondents):
        targets = {key.column.table.name for key in table.foreign_keys}
        assert targets <= {"consultations", "members"}
        assert ("members" in targets) is (table is participations)


async def test_order_links_voters_to_ballots_when_not_closed_yet(driver: VotingDriver) -> None:
    """A known limit: while the consultation is open, the database contains the link, and only the
    application does not read it.
    """
    linked = await driver.rows("SELECT 1 FROM participations p JOIN ballots b ON p.xmin = b.xmin")

    assert len(linked) == VOTERS
    assert await driver.written() == list(range(VOTERS))


async def test_nothing_tells_who_voted_what_when_closed(driver: VotingDriver) -> None:
    old_ids = set(await driver.rows("SELECT id FROM ballots"))

    await driver.close()

    everything = "SELECT xmin::text FROM participations UNION SELECT xmin::text FROM ballots"
    assert len(await driver.rows(everything)) == 1, "all rows are of the closing transaction"
    shuffled = await driver.written()
    assert sorted(shuffled) == list(range(VOTERS))
    assert shuffled != list(range(VOTERS))
    by_id = await driver.rows("SELECT value FROM ballots, jsonb_each_text(texts) ORDER BY ballots.id")
    assert [value for (value,) in by_id] != [f"n{number}" for number in range(VOTERS)]
    assert not old_ids & set(await driver.rows("SELECT id FROM ballots"))
    members = await driver.rows("SELECT member_id FROM participations ORDER BY ctid")
    assert members == [(key,) for key in sorted(voter.id for voter in driver.voters)]


async def test_row_locks_of_foreign_keys_tell_nothing_when_closed(driver: VotingDriver) -> None:
    """Checking a participation's foreign key marks the member's row with the transaction (`xmax`)."""
    marks = "SELECT DISTINCT m.xmax::text FROM members m JOIN participations p ON p.member_id = m.id"
    assert len(await driver.rows(marks)) == VOTERS

    await driver.close()

    assert len(await driver.rows(marks)) == 1


async def test_deleted_rows_are_gone_when_the_tables_were_vacuumed(driver: VotingDriver) -> None:
    """Dead rows keep the old transaction until vacuum; autovacuum is set to run immediately."""
    await driver.close()
    await driver.rows("CREATE EXTENSION pageinspect")
    remains = """SELECT count(*) FROM generate_series(0, pg_relation_size('{0}') / 8192 - 1) AS page,
        heap_page_items(get_raw_page('{0}', page::int)) WHERE t_xmin IS NOT NULL"""
    live = {"ballots": VOTERS, "participations": VOTERS}
    for table, count in live.items():
        assert (await driver.rows(remains.format(table)))[0][0] > count

    for table, count in live.items():
        await driver.rows(f"VACUUM {table}")
        assert await driver.rows(remains.format(table)) == [(count,)]

    settings = "SELECT reloptions FROM pg_class WHERE relname IN ('ballots', 'participations')"
    at_once = ["autovacuum_vacuum_threshold=0", "autovacuum_vacuum_scale_factor=0"]
    assert await driver.rows(settings) == [(at_once,), (at_once,)]


async def test_leaves_no_trace_on_ballots_when_second_vote_is_refused(driver: VotingDriver) -> None:
    answers = make_answers(driver.consultation, "n99")
    actor = make_actor(Role.MEMBER, member_id=driver.voters[0].id)
    await driver.rows("CREATE EXTENSION pageinspect")

    await asyncio.gather(
        create_response(
            driver.consultation.id, answers, actor=actor, uow=driver.new_uow(), digests=PlainAddressDigests()
        ),
        return_exceptions=True,
    )

    items = "SELECT count(*) FROM heap_page_items(get_raw_page('ballots', 0))"
    assert await driver.rows(items) == [(VOTERS,)]
