"""In-memory implementations of the ports. The contract tests compare them with PostgreSQL."""

from tests.fakes.clock import FixedClock
from tests.fakes.consultations import PlainAddressDigests
from tests.fakes.mails import RecordingMailer
from tests.fakes.passwords import FakePasswordHasher
from tests.fakes.store import InMemoryStore
from tests.fakes.unit_of_work import InMemoryUnitOfWork

__all__ = [
    "FakePasswordHasher",
    "FixedClock",
    "InMemoryStore",
    "InMemoryUnitOfWork",
    "PlainAddressDigests",
    "RecordingMailer",
]
