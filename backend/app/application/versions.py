"""Optimistic concurrency: a change names the versions that its author has seen."""

from typing import Protocol

from app.domain.errors import VersionMismatchError


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


def require_version(entity: Versioned, seen: frozenset[int] | None) -> None:
    """Raises VersionMismatchError unless the author has seen the current version.

    None accepts any version.
    """
    if seen is not None and entity.version not in seen:
        raise VersionMismatchError
