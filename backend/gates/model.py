"""Types that every gate uses: the project it checks and the outcome it returns."""

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
    """The result of a gate. One that has no findings and `checked` nothing fails.

    `note` is one fact for the reader, such as a percentage or a count. `skipped` is the reason for checking
    nothing; few gates may give one. `is_unchanged` marks the result of an earlier run.
    """

    findings: Sequence[Finding] = ()
    checked: int = 0
    note: str = ""
    skipped: str = ""
    is_unchanged: bool = False

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
    `staged` limits the gates to the files of the commit that is being made, without untracked ones.
    """

    root: Path
    arguments: Sequence[str] = field(default=())
    events: Path | None = None
    staged: bool = False
    _memo: dict[Hashable, Any] = field(default_factory=dict, compare=False)
    _lock: AbstractContextManager[bool] = field(default_factory=RLock, compare=False, repr=False)

    def memoize(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return a fact about the checkout, computed once: the checkout does not change while gates run.

        When gates in several threads want the same fact, one computes it and the others wait.
        """
        with self._lock:
            if key not in self._memo:
                self._memo[key] = compute()
        return cast("T", self._memo[key])

    @property
    def backend(self) -> Path:
        """The folder of the application, its tests and its tools."""
        return self.root / "backend"

    @property
    def reports(self) -> Path:
        """The folder of the gates' output, which git ignores."""
        return self.root / "reports"

    @property
    def rulebook(self) -> RuleBook:
        """The rule book of this checkout. Raises RuleBookError."""
        return self.memoize("rule book", lambda: RuleBook.read(self.root))

    def relative(self, path: Path) -> str:
        """Return the path as findings name it."""
        return path.relative_to(self.root).as_posix()


Check = Callable[[Project], Outcome]


class GateError(Exception):
    """A gate cannot do its work here. The message is one sentence and the next step."""
