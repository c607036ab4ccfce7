"""Valid and invalid cases. `gate` is a literal in each, since the rule book's table reads the source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.gates.support.sample_project import SampleProject

Change = Callable[[SampleProject], object]
Untested = Mapping[str, str]
"""File → a fragment of the one line that the tests of the change do not run; "" for all lines."""


@dataclass(frozen=True, kw_only=True)
class ValidCase:
    """A change that every gate must accept; `gate` is the one whose rule it comes closest to."""

    id: str
    gate: str
    change: Change
    untested: Untested = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class InvalidCase(ValidCase):
    """A change that `gate` refuses at the line of `file` that holds `line` ("" means the whole file).

    `message` and `fix` are parts of the finding's. `also_rejected_by` are other gates that must refuse it.
    """

    file: str
    line: str = ""
    message: str
    fix: str
    also_rejected_by: tuple[str, ...] = ()
