"""The last runs in reports/runs, one file each, with their sessions, the state of the files, and results."""

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gates.model import Finding, GateError, Project
from gates.repo.git import git
from gates.repo.tree import tree_of_files
from gates.runner import Result

MAX_RUNS = 30
"""Older runs are deleted, unless one has the newest result of a gate."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of sessions. `started` is an ISO 8601 instant in UTC, `seconds` is wall-clock time.

    `tree` identifies the files at its start and is "" where git could not read them. `arguments` followed
    `--`. An interrupted run has the results of the gates that ended.
    """

    sessions: Sequence[str]
    started: str
    seconds: float
    tree: str
    commit: str
    arguments: Sequence[str]
    interrupted: bool
    results: Sequence[Result]

    @property
    def command(self) -> str:
        """The command that runs it again."""
        words = ["./noxw"]
        if len(self.sessions) == 1:
            words += ["-s", *self.sessions]
        if self.arguments:
            words += ["--", *self.arguments]
        return " ".join(words)

    @property
    def failed(self) -> list[Result]:
        """The results of the gates that failed."""
        return [result for result in self.results if result.status == "failed"]


@dataclass(frozen=True)
class Start:
    """The instant at which a run starts, and the files and the commit that it sees."""

    started: str
    tree: str
    commit: str
    clock: float

    def ended(
        self,
        sessions: Sequence[str],
        results: Sequence[Result],
        *,
        arguments: Sequence[str] = (),
        interrupted: bool = False,
    ) -> Run:
        """Return the run that ends now."""
        return Run(
            sessions=list(sessions),
            started=self.started,
            seconds=round(time.monotonic() - self.clock, 2),
            tree=self.tree,
            commit=self.commit,
            arguments=list(arguments),
            interrupted=interrupted,
            results=list(results),
        )


def start(project: Project) -> Start:
    """Return the start of a run."""
    started = datetime.now(UTC).isoformat(timespec="microseconds")
    return Start(started, current_tree(project), _current_commit(project), time.monotonic())


def current_tree(project: Project) -> str:
    """Return the identity of the files as they are now, "" where git cannot read them."""
    try:
        return tree_of_files(project)
    except GateError:
        return ""


def _current_commit(project: Project) -> str:
    """Return the abbreviated commit that is checked out, "" where there is none."""
    try:
        return git(project, "rev-parse", "--short", "HEAD").strip()
    except GateError:
        return ""


def record(project: Project, run: Run) -> None:
    """Add a run, and delete old ones."""
    folder = project.reports / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{run.started.replace(':', '').replace('+0000', '')}-{os.getpid()}.json"
    (folder / name).write_text(json.dumps(asdict(run), indent=1), encoding="utf-8")
    seen: set[str] = set()
    for number, (path, found) in enumerate(_stored(project)):
        gates = {result.gate for result in found.results if not found.arguments}
        if number >= MAX_RUNS and gates <= seen:
            path.unlink(missing_ok=True)
        seen |= gates


def load_runs(project: Project) -> list[Run]:
    """Return the recorded runs, newest first."""
    return [run for _, run in _stored(project)]


def _stored(project: Project) -> list[tuple[Path, Run]]:
    """Return the files of runs, newest first, without those that cannot be read."""
    paths = sorted((project.reports / "runs").glob("*.json"), reverse=True)
    runs = ((path, _read(path)) for path in paths)
    return [(path, run) for path, run in runs if run is not None]


def _read(path: Path) -> Run | None:
    """Return the run in a file, None when the file is damaged or of another version of the gates."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        results = [_result(**result) for result in fields.pop("results")]
        return Run(**fields, results=results)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _result(findings: Iterable[dict[str, Any]], **fields: Any) -> Result:
    return Result(**fields, findings=[Finding(**finding) for finding in findings])
