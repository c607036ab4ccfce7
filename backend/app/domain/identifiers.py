"""Identifiers that sort by the time of their creation."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def uuid7(at: datetime) -> UUID:
    """Return a version 7 UUID (RFC 9562 §5.7) for the instant `at` (aware).

    `rand_a` holds the fraction of the millisecond (§6.2, method 3), so identifiers of
    different microseconds sort in that order; the others differ in 62 random bits.
    """
    milliseconds, microseconds = divmod((at - _EPOCH) // _MICROSECOND, 1000)
    fraction = microseconds * 4096 // 1000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))
