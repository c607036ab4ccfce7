"""Parts of reports, each of which may lack its data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gates.model import GateError
from gates.rulebook import RuleBookError

T = TypeVar("T")
RECOVERABLE_ERRORS = (GateError, RuleBookError, OSError, ValueError, LookupError, TypeError, AttributeError)
"""Errors of reading a section's data when they are missing, old or broken."""


@dataclass(frozen=True, kw_only=True)
class Section(Generic[T]):
    """The data of a part of a report. Without data, `missing` is the reason."""

    data: T | None = None
    missing: str = ""


def section(make: Callable[[], T]) -> Section[T]:
    """Return a section with the data that `make` returns, or with the reason why it cannot."""
    try:
        return Section(data=make())
    except RECOVERABLE_ERRORS as error:
        return Section(missing=str(error) or type(error).__name__)
