"""The forms of the corpus's entries. The rule book's table of proofs reads `gate`, so it is written out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.gates.support.sample_project import Twin

Change = Callable[[Twin], object]
Untested = Mapping[str, str]
"""File → a fragment of the one line that the tests of the change do not run; "" for all lines."""


@dataclass(frozen=True, kw_only=True)
class Innocent:
    """A change that every gate must let pass; `gate` is the one that looks at it most closely."""

    what: str
    gate: str
    change: Change
    untested: Untested = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Violation(Innocent):
    """A change that `gate` refuses at the line of `file` that holds `line` ("" means the whole file).

    `says` is a part of the message, `fix` of what it tells to do. `also` are other gates that must refuse it.
    """

    file: str
    line: str = ""
    says: str
    fix: str
    also: tuple[str, ...] = ()
