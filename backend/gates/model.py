"""What a gate is, sees and says."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any, Literal, TypeVar, cast

from gates.rulebook import RuleBook

T = TypeVar("T")
Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation: where it is, what is wrong and why, and what to do.

    `file` is relative to the project's root with forward slashes; `line` counts from 1, 0 is the whole file.
    """

    file: str
    line: int = 0
    message: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a gate saw. A gate with neither findings nor `checked` things did not look: it fails.

    `note` is the one fact worth a reader's time (a percentage, a count). `skipped` is the reason why there
    was nothing to look at, for the few gates that may say so.
    """

    findings: Sequence[Finding] = ()
    checked: int = 0
    note: str = ""
    skipped: str = ""

    @property
    def status(self) -> Status:
        """Failed on any finding or when nothing was checked without a reason; else skipped or passed."""
        if self.findings:
            return "failed"
        if self.skipped:
            return "skipped"
        return "passed" if self.checked else "failed"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A checkout: its root folder and its rule book. `arguments` is what followed `--`.

    `events` is the file for the events of the gate that runs, None when it is not followed (gates.report).
    `staged` limits the gates to the files of a commit that is about to be made: untracked ones do not count.
    """

    root: Path
    arguments: Sequence[str] = field(default=())
    events: Path | None = None
    staged: bool = False
    asked: dict[Hashable, Any] = field(default_factory=dict, compare=False)
    turn: AbstractContextManager[bool] = field(default_factory=RLock, compare=False, repr=False)

    def once(self, question: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer to a question about the checkout; it stays as it is while gates look at it.

        Gates in several threads have the same questions: the first one asks, the others wait.
        """
        with self.turn:
            if question not in self.asked:
                self.asked[question] = ask()
        return cast("T", self.asked[question])

    @property
    def backend(self) -> Path:
        """The folder of the application, its tests and its tools."""
        return self.root / "backend"

    @property
    def reports(self) -> Path:
        """Where the gates write; not kept in git."""
        return self.root / "reports"

    @property
    def book(self) -> RuleBook:
        """The rule book of this checkout. Raises RuleBookError."""
        return self.once("rule book", lambda: RuleBook.read(self.root))

    def relative(self, path: Path) -> str:
        """Return the path as findings name it."""
        return path.relative_to(self.root).as_posix()


Check = Callable[[Project], Outcome]


class GateError(Exception):
    """A gate cannot do its work here. The message is one sentence and the next step."""
