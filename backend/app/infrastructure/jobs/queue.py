"""The job queue in PostgreSQL, with procrastinate: a job is stored in the transaction that defers it."""

from dataclasses import fields

from procrastinate import App, PsycopgConnector
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.jobs import Job

# Never opened: jobs are stored through the session's connection.
_procrastinate = App(connector=PsycopgConnector())


class ProcrastinateJobQueue:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def defer(self, job: Job) -> None:
        connection = await (await self._session.connection()).get_raw_connection()
        task = _procrastinate.configure_task(type(job).__name__, connection=connection.driver_connection)
        await task.defer_async(**{field.name: str(getattr(job, field.name)) for field in fields(job)})
