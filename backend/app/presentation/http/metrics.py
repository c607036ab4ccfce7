"""Counters for Prometheus. Labels are route templates, methods and statuses: no ids, nothing personal.

Each process counts for itself, and is a target of its own: sum over instances, except for
`pau2_jobs_waiting` and `pau2_jobs_failed`, which are the same for all of them.
"""

from http import HTTPMethod

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app.application.operations import Load

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = frozenset(HTTPMethod)
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry for each application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "pau2_requests", "Answered requests.", ["method", "route", "status"], registry=registry
        )
        self._duration = Histogram(
            "pau2_request_duration_seconds",
            "Time until the last byte of the answer.",
            ["method", "route"],
            buckets=DURATION_BUCKETS,
            registry=registry,
        )
        self._connections = Gauge(
            "pau2_database_connections_in_use", "Connections taken from the pool.", registry=registry
        )
        self._waiting = Gauge(
            "pau2_jobs_waiting", "Jobs to be done; NaN while the database is away.", registry=registry
        )
        self._failed = Gauge(
            "pau2_jobs_failed", "Jobs given up and kept; NaN while the database is away.", registry=registry
        )

    def count(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Clients may invent methods, but not labels. Status 0: the connection broke before."""
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._duration.labels(known, route).observe(seconds)

    def render(self, load: Load) -> bytes:
        """Return everything in the text format, version 0.0.4."""
        self._connections.set(load.connections_in_use)
        self._waiting.set(load.jobs.waiting if load.jobs else float("nan"))
        self._failed.set(load.jobs.failed if load.jobs else float("nan"))
        return generate_latest(self._registry)
