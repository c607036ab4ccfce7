"""Optimistic concurrency: a change names the versions that its author has seen."""

from typing import Protocol

from app.domain.errors import PreconditionFailedError


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


def require_version(entity: Versioned, seen: frozenset[int] | None) -> None:
    """Raises PreconditionFailedError unless the author has seen the current version.

    None stands for `If-Match: *` (RFC 9110 §13.1.1): any version will do.
    """
    if seen is not None and entity.version not in seen:
        raise PreconditionFailedError
