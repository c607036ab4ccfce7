"""Optimistic locking: a change names the versions of the entity that it applies to."""

from typing import Protocol

from app.domain.errors import VersionMismatchError


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


def require_version(entity: Versioned, versions: frozenset[int] | None) -> None:
    """Raises VersionMismatchError unless the current version is one of `versions`.

    None accepts any version.
    """
    if versions is not None and entity.version not in versions:
        raise VersionMismatchError
