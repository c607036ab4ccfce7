"""Metrics for Prometheus. Labels are route templates, methods and statuses, never ids or personal data.

Each process has its own counters and is its own target: sum over instances, except for
`pau2_jobs_waiting` and `pau2_jobs_failed`, which all instances share.
"""

from http import HTTPMethod

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app.application.operations import SystemLoad

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = frozenset(HTTPMethod)
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one application. Each has its own registry, so two in one process stay apart."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "pau2_requests", "Completed requests.", ["method", "route", "status"], registry=registry
        )
        self._duration = Histogram(
            "pau2_request_duration_seconds",
            "Time until the last byte of the response.",
            ["method", "route"],
            buckets=DURATION_BUCKETS,
            registry=registry,
        )
        self._connections = Gauge(
            "pau2_database_connections_in_use", "Connections taken from the pool.", registry=registry
        )
        self._waiting = Gauge(
            "pau2_jobs_waiting", "Waiting jobs; NaN while the database is unavailable.", registry=registry
        )
        self._failed = Gauge(
            "pau2_jobs_failed", "Failed jobs; NaN while the database is unavailable.", registry=registry
        )

    def count(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. Unknown methods share one label. Status 0: the client disconnected early."""
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._duration.labels(known, route).observe(seconds)

    def render(self, load: SystemLoad) -> bytes:
        """Return all metrics in the text format, version 0.0.4."""
        self._connections.set(load.connections_in_use)
        self._waiting.set(load.jobs.waiting if load.jobs else float("nan"))
        self._failed.set(load.jobs.failed if load.jobs else float("nan"))
        return generate_latest(self._registry)
