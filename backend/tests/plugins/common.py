"""Fixtures of all tests of the application. This module imports neither FastAPI nor SQLAlchemy."""

import logging

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as generation

from app.core.logging import configure_logging
from tests.examples import EXAMPLES
from tests.fakes import FixedClock
from tests.plugins.log_leaks import LogWatch

pytest_plugins = ["tests.plugins.log_leaks"]

generation.register_profile(
    "any machine",  # tests must not fail because the machine is busy
    max_examples=EXAMPLES.properties,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
generation.load_profile("any machine")


@pytest.fixture(scope="session")
def log_watch(no_leaks: LogWatch) -> LogWatch:
    """Log as in production but into pytest's handlers: ours would write to a stream that pytest closes."""
    configure_logging("INFO")
    logging.getLogger().handlers.clear()
    return no_leaks


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()
