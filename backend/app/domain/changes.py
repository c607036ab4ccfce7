"""Detection of edits that change nothing, which leave the version and `updated_at` as they are."""

from collections.abc import Iterable


def values_of(entity: object, names: Iterable[str]) -> list[object]:
    """Return the attributes with these names, to be compared before and after an edit."""
    return [getattr(entity, name) for name in names]
