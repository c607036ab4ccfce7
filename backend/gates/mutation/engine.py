"""The engine: runs the tests that judge each mutant, in worker processes.

A mutant in the body of a function is put into the function in a fork of a process that has collected the
tests. Any other mutant is imported in a fork of a process that has imported the libraries.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from signal import SIGALRM, SIGSEGV

from gates.coverage.data import environment_for_pytest, measured_files
from gates.model import GateError, Project
from gates.mutation.operators import Mutant
from gates.mutation.plan import PLAN_VARIABLE, Plan, Task, TaskResult
from gates.repo import python
from gates.repo.process import PYTEST_OPTIONS

WORKER_TIMEOUT_SECONDS = 4 * 3600
# Exit codes of pytest: passed, failed, not collected, not even configured, crashed, out of time.
OUTCOME_BY_EXIT_CODE = {
    0: "survived",
    1: "killed",
    2: "killed",
    4: "killed",
    -SIGSEGV: "killed",
    -SIGALRM: "timeout",
}
NO_COVERAGE = "no coverage"
NOT_JUDGED = "not judged"
"""The outcome of a mutant that was not run before the deadline."""


@dataclass(frozen=True)
class Candidate:
    """A mutant of a file, and the tests that judge it, each with its limit in seconds, in their order."""

    file: str
    mutant: Mutant
    tests: Mapping[str, int]
    is_patchable: bool

    @property
    def task(self) -> Task:
        """The candidate as a worker reads it."""
        return Task(
            file=self.file.removeprefix("backend/"),
            number=self.mutant.number,
            is_patchable=self.is_patchable,
            tests=self.tests,
        )


@dataclass(frozen=True)
class MutantResult:
    """A mutant and its outcome: killed, timeout, survived, no coverage or not judged.

    `test` is the one that ran last: it detected the mutant if one did. It is "" when no test ran.
    """

    file: str
    mutant: Mutant
    outcome: str
    test: str = ""

    @property
    def is_detected(self) -> bool:
        """True when a test failed, or did not end."""
        return self.outcome in {"killed", "timeout"}


def judge(
    project: Project, candidates: Sequence[Candidate], deadline: float | None = None
) -> list[MutantResult]:
    """Run the tests of each candidate, as many at a time as there are processors, and return the results.

    Candidates that can be patched run first, because they take least. What has not ended by the `deadline`,
    a time of `time.monotonic`, is not judged. Raises GateError when a worker breaks down.
    """
    pending = [candidate.task for candidate in candidates if candidate.tests]
    ended: dict[tuple[str, int], TaskResult] = {}
    for is_patchable in (True, False):
        tasks = [task for task in pending if task["is_patchable"] == is_patchable]
        if tasks:
            for result in _run_worker(project, "patch" if is_patchable else "import", tasks, deadline):
                ended[result["file"], result["number"]] = result
    is_late = deadline is not None and time.monotonic() >= deadline
    return [_result(candidate, ended, is_late=is_late) for candidate in candidates]


def _result(
    candidate: Candidate, ended: Mapping[tuple[str, int], TaskResult], *, is_late: bool
) -> MutantResult:
    if not candidate.tests:
        return MutantResult(candidate.file, candidate.mutant, NO_COVERAGE)
    result = ended.get((candidate.task["file"], candidate.task["number"]))
    if result is None and is_late:
        return MutantResult(candidate.file, candidate.mutant, NOT_JUDGED)
    code = result["code"] if result else None
    if result is None or code not in OUTCOME_BY_EXIT_CODE:
        where = f"{candidate.file}:{candidate.mutant.line} ({code})"
        raise GateError(f"The mutant at {where} could not be run: see reports/mutants/*.log.")
    return MutantResult(
        candidate.file, candidate.mutant, OUTCOME_BY_EXIT_CODE[result["code"]], result["test"]
    )


def _run_worker(project: Project, name: str, tasks: list[Task], deadline: float | None) -> list[TaskResult]:
    """Let a worker run tasks of one kind, and return the results of those that ended."""
    place = project.reports / "mutants" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    results = place.with_suffix(".results")
    results.write_text("")
    is_patch = tasks[0]["is_patchable"]
    plan = Plan(
        parent_pid=os.getpid(),
        jobs=os.cpu_count() or 1,
        deadline=deadline,
        preload=[] if is_patch else _libraries(project),
        results=str(results),
        tasks=tasks,
    )
    place.with_suffix(".json").write_text(json.dumps(plan))
    files = sorted({test.partition("::")[0] for task in tasks for test in task["tests"]}) if is_patch else []
    options = ["-p", "gates.mutation.worker", "-p", "no:randomly", "-p", "no:cacheprovider", "-x", "-q", "-s"]
    options += ["-W", "ignore:This process:DeprecationWarning"]
    command = [sys.executable, "-m", "pytest", *PYTEST_OPTIONS, *options, *files]
    env = environment_for_pytest(project) | {PLAN_VARIABLE: str(place.with_suffix(".json"))}
    with place.with_suffix(".log").open("wb") as log:
        subprocess.run(
            command,
            cwd=project.backend,
            env=env,
            stdout=log,
            stderr=log,
            timeout=WORKER_TIMEOUT_SECONDS,
            check=False,
        )
    shutil.rmtree(place.with_suffix(".tmp"), ignore_errors=True)
    return [json.loads(line) for line in results.read_text().splitlines()]


def _libraries(project: Project) -> list[str]:
    """Return the libraries that the project imports: a worker imports them once for all its children."""
    trees = (python.parse_file(project, name) for name in measured_files(project))
    nodes = (node for tree in trees for node in python.walk(tree))
    found = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return sorted(
        name for name in found if name.split(".")[0] not in project.rulebook["coverage"]["measured"]
    )
