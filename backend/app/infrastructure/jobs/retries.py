"""Retries of failed jobs."""

from procrastinate import RetryStrategy
from procrastinate.jobs import Job
from procrastinate.retry import RetryDecision

from app.application.ports import MailRefusedError
from app.core.logging import get_logger


class Retries(RetryStrategy):
    """Retries a job, unless its mail was refused permanently. A job without further retries is logged, and
    stays in the queue's table as failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        refused = isinstance(exception, MailRefusedError)
        decision = None if refused else super().get_retry_decision(exception=exception, job=job)
        if decision is None:
            get_logger().error(
                "job_failed",
                job=job.task_name,
                job_id=job.id,
                attempt=job.attempts + 1,
                error_type=type(exception).__qualname__,
                code=exception.code if isinstance(exception, MailRefusedError) else None,
            )
        return decision


RETRY = Retries(max_attempts=8, exponential_wait=4)
"""Return the delay: 4, 16, 64 … seconds, about a day in all."""
