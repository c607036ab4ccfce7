"""The job queue in memory."""

from app.application.jobs import Job


class InMemoryJobQueue:
    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    async def defer(self, job: Job) -> None:
        self._jobs.append(job)
