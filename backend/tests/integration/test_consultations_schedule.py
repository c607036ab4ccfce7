"""The worker opens and closes consultations by the database clock."""

from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from app.core.database import create_database, create_engine
from app.core.settings import Environment, Settings
from app.domain.consultations.consultation import ConsultationStatus
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.jobs.worker import create_worker, run_worker
from tests.factories import NOW, make_consultation, make_member
from tests.fakes import FixedClock


async def test_opens_and_closes_what_is_due_when_the_worker_comes_by(fresh_database_url: str) -> None:
    settings = Settings(
        environment=Environment.TEST,
        database_url=SecretStr(fresh_database_url),
        smtp_url=SecretStr("smtp://127.0.0.1:1"),  # nothing listens here
    )
    engine = create_engine(settings)
    uow = SqlAlchemyUnitOfWork(create_database(engine).sessions)
    author = make_member()
    now = datetime.now(UTC)
    due = now - timedelta(seconds=1)
    later = now + timedelta(hours=1)
    opening = make_consultation(created_by=author.id, opens_at=due, closes_at=later)
    closing = make_consultation(created_by=author.id, closes_at=due)
    closing.open(NOW)
    waiting = make_consultation(created_by=author.id, opens_at=later)
    async with uow:
        uow.members.add(author)
        await uow.flush()
        for consultation in (opening, closing, waiting):
            uow.consultations.add(consultation)
        await uow.commit()

    async with create_worker(fresh_database_url, {}).open_async() as queue:
        await queue.configure_task("follow_schedule").defer_async(timestamp=0)
    await run_worker(settings, clock=FixedClock(), until_idle=True)

    async with uow:
        opened, closed, draft = [
            await uow.consultations.get_shared(each.id) for each in (opening, closing, waiting)
        ]
    assert (opened.status, opened.opens_at) == (ConsultationStatus.OPEN, due)
    assert (closed.status, closed.closes_at) == (ConsultationStatus.CLOSED, due)
    assert draft.status is ConsultationStatus.DRAFT
    await engine.dispose()
