"""Coverage of the code that a change adds or edits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from gates.coverage.data import Count, Coverage, load_current, totals
from gates.coverage.new import changed_code, lines_of_changed_statements
from gates.model import Project
from gates.repo.git import Base, merge_base
from gates.report.snippet import source

MAX_SOURCE_ROWS = 4_000


@dataclass(frozen=True)
class ChangedFile:
    """A file with new statements, whose lines are `touched`. `new` is None when no test measured it."""

    name: str
    touched: set[int]
    new: Coverage | None

    @property
    def uncovered(self) -> float:
        """The number of uncovered lines and branches; infinite for a file that was not measured."""
        return inf if self.new is None else self.new.lines.missing + self.new.branches.missing


@dataclass(frozen=True, kw_only=True)
class NewCode:
    """The coverage of all new statements since the base, and of each file, worst first."""

    base: Base
    files: Sequence[ChangedFile]
    lines: Count
    branches: Count
    threshold: dict[str, int]


def new_code(project: Project) -> NewCode:
    """Return the coverage of the change. Raises GateError when its data are missing or old."""
    base = merge_base(project)
    changed = changed_code(project, base)
    measurement = load_current(project) if changed else {}
    files = []
    for name in changed:
        touched = lines_of_changed_statements(project, name, changed[name])
        new = measurement[name].within(touched) if name in measurement else None
        files.append(ChangedFile(name, touched, new))
    lines, branches = totals(file.new for file in files if file.new)
    return NewCode(
        base=base,
        files=sorted(files, key=lambda file: (-file.uncovered, file.name)),
        lines=lines,
        branches=branches,
        threshold=project.rulebook["coverage"]["new"],
    )


class SourceRows(NamedTuple):
    """The rows of a file's new lines; `cut` when the file has more."""

    rows: Sequence[dict[str, Any]]
    cut: bool


def source_rows(project: Project, code: NewCode, secret: set[str]) -> dict[str, SourceRows]:
    """Return the new lines of each file up to MAX_SOURCE_ROWS in total, and none of the files in `secret`."""
    shown: dict[str, SourceRows] = {}
    left = MAX_SOURCE_ROWS
    for file in sorted(code.files, key=lambda file: file.name):
        rows: list[dict[str, Any]] = []
        if file.new is not None and file.name not in secret:
            rows += _rows(project, file, file.new)
        shown[file.name] = SourceRows(rows[:left], cut=len(rows) > left)
        left = max(left - len(rows), 0)
    return shown


def _rows(project: Project, file: ChangedFile, new: Coverage) -> Iterator[dict[str, Any]]:
    """Yield the lines of the new statements with their coverage; `first` follows a gap of lines."""
    text = source(project, file.name)
    for number in sorted(line for line in file.touched if line <= len(text)):
        missed: list[tuple[int, int]] = []
        state = ""
        if number in new.missing_lines:
            state = "missed"
        elif number in new.excluded_lines:
            state = "excluded"
        elif number in new.executed_lines:
            missed = sorted(branch for branch in new.missing_branches if branch[0] == number)
            state = "partial" if missed else "ran"
        yield {
            "number": number,
            "text": text[number - 1],
            "state": state,
            "missed": missed,
            "first": not {number - 1, number - 2} & file.touched,
        }
