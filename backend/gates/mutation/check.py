"""R17: tests fail when the code that they run is changed.

Why: A test without an assertion covers as much as a good one.
Refuses: A share of killed mutants below `[mutation]` in the rule book, of the change or of named modules.
Instead: Assert the result that the surviving mutant changes.
Exceptions: [mutation.excluded] for made-up content.

Every mutant meets the tests that ran its lines, nearest first, until one fails. A run without mutants
measures which tests ran which lines. Arguments are patterns of modules as in the rule book, or `critical`.
"""

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from signal import SIGALRM, SIGSEGV

from coverage import CoverageData

from gates.coverage.data import (
    Count,
    environment_for_pytest,
    measured_files,
    measured_folders,
    measurement_options,
    snapshot,
)
from gates.coverage.statements import Statements
from gates.model import Finding, GateError, Outcome, Project
from gates.mutation import worker
from gates.mutation.operators import Mutant, mutants
from gates.mutation.worker import Plan, Task
from gates.repo import files, python
from gates.repo.git import changed_lines, merge_base
from gates.repo.modules import imported_modules, module_name
from gates.repo.process import PYTEST_OPTIONS
from gates.testing.runs import run_pytest

REPORT_FILE = "reports/mutants.md"
WORKER_TIMEOUT_SECONDS = 7200
# Exit codes of pytest: passed, failed, not collected, not even configured, crashed, out of time.
OUTCOME_BY_EXIT_CODE = {
    0: "survived",
    1: "killed",
    2: "killed",
    4: "killed",
    -SIGSEGV: "killed",
    -SIGALRM: "timeout",
}

Selection = Mapping[str, set[int] | None]  # lines of a file, None for all
Tests = dict[int, set[str]]  # by line; the line was also run by no test where "" is among them
IMPORT_LINE = -1
"""The key of the test files that import the module."""


@dataclass(frozen=True)
class MutantResult:
    """A mutant and its outcome: killed, timeout, survived or no coverage."""

    file: str
    mutant: Mutant
    outcome: str

    @property
    def is_detected(self) -> bool:
        """True when a test failed, or did not end."""
        return self.outcome in {"killed", "timeout"}


def check(project: Project) -> Outcome:
    """Tests kill enough of the mutants of a change, or of the named modules."""
    what, chosen = _select(project)
    if not chosen:
        return Outcome(skipped=f"there are no statements {what}")
    found = [(name, mutant) for name, lines in chosen.items() for mutant in _mutants(project, name, lines)]
    if not found:
        message = f"no mutant can be made {what}: nothing shows that a test would find a fault"
        return Outcome(
            findings=[
                Finding(
                    file=min(chosen),
                    message=message,
                    fix="name modules with code: ./noxw -s mutants -- critical",
                )
            ]
        )
    folders = {folder for name in chosen for folder in _folders(project, name)}
    outcome, tests = _covering_tests(project, folders)
    if outcome.status != "passed":
        return outcome
    results = _run(project, found, tests)
    score = Count(sum(result.is_detected for result in results), len(results))
    threshold = project.rulebook["mutation"][
        "min-score-modules" if project.arguments else "min-score-changed"
    ]
    _write_report(project, what, results)
    note = f"{score} of {score.total} mutants {what} killed; {score.missing} not killed, see {REPORT_FILE}"
    findings: list[Finding] = []
    if not score.reaches(threshold):
        findings = [_finding(result, threshold) for result in results if not result.is_detected]
    return Outcome(findings=findings, checked=score.total, note=note)


def _select(project: Project) -> tuple[str, Selection]:
    """Return the mutated code, in words and by file: the change, or the named modules."""
    excluded = project.rulebook["mutation"].get("excluded", {})
    if project.arguments:
        what = f"of {', '.join(project.arguments)}"
        chosen = _named(project)
    else:
        base = merge_base(project)
        what = f"of the change since {base}"
        changed = changed_lines(project, base, *measured_folders(project))
        chosen = {name: _statements(project, name, lines) for name, lines in sorted(changed.items())}
    selection = {name: lines for name, lines in chosen.items() if lines != set()}
    return what, {name: lines for name, lines in selection.items() if not _matches(name, excluded)}


def _named(project: Project) -> dict[str, set[int] | None]:
    patterns = [name for name in project.arguments if name != "critical"]
    if "critical" in project.arguments:
        patterns += project.rulebook["coverage"]["critical-modules"]
    names = [name for name in measured_files(project) if _matches(name, patterns)]
    if not names:
        raise GateError(f"No measured file matches {' or '.join(patterns)}: say app/domain/* or critical.")
    return dict.fromkeys(names)


def _statements(project: Project, name: str, lines: set[int]) -> set[int]:
    """Return the lines of the statements that own a changed line, none for other files than Python."""
    if not name.endswith(".py"):
        return set()
    return Statements(
        (project.root / name).read_bytes(), python.parse_file(project, name)
    ).lines_of_changed_statements(lines)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, f"backend/{pattern}") for pattern in patterns)


def _mutants(project: Project, name: str, lines: set[int] | None) -> Iterator[Mutant]:
    source = files.text(project, name)
    for mutant in mutants(source, python.parse_source(source)):
        if lines is None or lines.intersection(mutant.lines):
            yield mutant


def _folders(project: Project, name: str) -> list[str]:
    """Return the folders of tests for a file, nearest first, from the first pattern that matches it."""
    table: dict[str, list[str]] = project.rulebook["mutation"]["tests"]
    return next((folders for pattern, folders in table.items() if _matches(name, [pattern])), [])


def _covering_tests(project: Project, folders: set[str]) -> tuple[Outcome, dict[str, Tests]]:
    """Return how the tests of some folders end, and which of them run which lines of which file."""
    place = project.reports / "mutants"
    stamp = [snapshot(project), sorted(folders)]
    kept = place / "stamp.json"
    outcome = Outcome(checked=1)
    if not kept.exists() or json.loads(kept.read_text()) != stamp:
        place.mkdir(parents=True, exist_ok=True)
        options = measurement_options(project, place / ".coverage", "--measure-by-test")
        outcome = run_pytest(project, ["-n", "auto", "-q", *options, *sorted(folders)])
        kept.unlink(missing_ok=True)
        if outcome.status == "passed":
            kept.write_text(json.dumps(stamp))
    data = CoverageData(str(place / ".coverage"))
    data.read()
    tests = {f"backend/{file}": _tests(data, file) for file in data.measured_files()}
    for test in files.files(project, "backend/tests/*test_*.py"):
        imported = {*imported_modules(python.parse_file(project, test))}
        for name, lines in tests.items():
            if module_name(name) in imported:
                lines.setdefault(IMPORT_LINE, set()).add(test.removeprefix("backend/"))
    return outcome, tests


def _tests(data: CoverageData, file: str) -> Tests:
    """Return a file's tests by line; the context of code that ran outside of tests is ""."""
    return {line: {*contexts} for line, contexts in data.contexts_by_lineno(file).items() if line > 0}


def _task(project: Project, name: str, mutant: Mutant, tests: Tests) -> Task:
    """Return a mutant with its tests: the nearest kind first, of a kind those that run the least of its file.

    Code that runs on import can fail any test that runs a line of its file or imports it.
    """
    covering: set[str] = set().union(*(tests.get(line, set()) for line in mutant.lines))
    on_import = "" in covering
    share = Counter(test for found in tests.values() for test in found)
    if on_import:
        covering = {*share}
    kinds = enumerate(_folders(project, name))
    chosen = [
        (near, share[test], test) for near, kind in kinds for test in covering if test.startswith(f"{kind}/")
    ]
    ordered = [test for _, _, test in sorted(chosen)]
    is_patchable = mutant.is_patchable and not on_import
    return Task(
        file=name.removeprefix("backend/"), number=mutant.number, is_patchable=is_patchable, tests=ordered
    )


def _run(project: Project, found: list[tuple[str, Mutant]], tests: Mapping[str, Tests]) -> list[MutantResult]:
    """Run all mutants, on as many workers as there are processors. Raises GateError when one breaks down."""
    tasks = [_task(project, name, mutant, tests.get(name, {})) for name, mutant in found]
    pending = [task for task in tasks if task["tests"]]
    count = min(os.cpu_count() or 1, len(pending))
    with ThreadPoolExecutor(max(count, 1)) as pool:
        parts = [pool.submit(_run_worker, project, index, pending[index::count]) for index in range(count)]
        ended = {(file, number): code for part in parts for file, number, code in part.result()}
    results = []
    for (name, mutant), task in zip(found, tasks, strict=True):
        code = ended.get((task["file"], task["number"]))
        if task["tests"] and code not in OUTCOME_BY_EXIT_CODE:
            where = f"{name}:{mutant.line} ({code})"
            raise GateError(f"The mutant at {where} could not be run: see reports/mutants/worker-*.log.")
        outcome = "no coverage" if code is None else OUTCOME_BY_EXIT_CODE[code]
        results.append(MutantResult(name, mutant, outcome))
    return results


def _run_worker(project: Project, index: int, tasks: list[Task]) -> list[tuple[str, int, int]]:
    """Let one worker run its part and return its results, (file, number, exit code of the tests)."""
    place = project.reports / f"mutants/worker-{index}"
    results = place.with_suffix(".results")
    results.write_text("")
    seconds = project.rulebook["mutation"]["test-seconds"]
    preload = _preload(project)
    plan = Plan(parent_pid=os.getpid(), seconds=seconds, preload=preload, results=str(results), tasks=tasks)
    place.with_suffix(".json").write_text(json.dumps(plan))
    files = sorted(
        {test.partition("::")[0] for task in tasks if task["is_patchable"] for test in task["tests"]}
    )
    options = ["-p", "gates.mutation.worker", "-p", "no:randomly", "-p", "no:cacheprovider", "-x", "-q", "-s"]
    options += [f"--basetemp={place}.tmp", "-W", "ignore:This process:DeprecationWarning"]
    command = [sys.executable, "-m", "pytest", *PYTEST_OPTIONS, *options, *files]
    env = environment_for_pytest(project) | {worker.PLAN_VARIABLE: str(place.with_suffix(".json"))}
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
    return [json.loads(line) for line in results.read_text().splitlines()]


def _preload(project: Project) -> list[str]:
    """Return the libraries that the project imports: a worker imports them once for all its children."""
    trees = (python.parse_file(project, name) for name in measured_files(project))
    nodes = (node for tree in trees for node in python.walk(tree))
    found = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return sorted(
        name for name in found if name.split(".")[0] not in project.rulebook["coverage"]["measured"]
    )


def _finding(result: MutantResult, threshold: int) -> Finding:
    reason = "is run by no test" if result.outcome == "no coverage" else "survives its tests"
    message = f"this mutant {reason} ({threshold} % must not):\n{result.mutant.diff}"
    fix = "assert what the statement is for; then ./noxw -s mutants"
    return Finding(file=result.file, line=result.mutant.line, message=message, fix=fix)


def _write_report(project: Project, what: str, results: list[MutantResult]) -> None:
    """Write the counts of each file, and each mutant that survived as a diff."""
    outcomes = ("killed", "timeout", "survived", "no coverage")
    lines = [
        f"# Mutants {what}",
        "",
        f"| file | mutants | {' | '.join(outcomes)} |",
        "|---|---|---|---|---|---|",
    ]
    for name, group in groupby(results, lambda result: result.file):
        counts = Counter(result.outcome for result in group)
        lines.append(
            f"| {name} | {counts.total()} | {' | '.join(str(counts[outcome]) for outcome in outcomes)} |"
        )
    for result in results:
        if not result.is_detected:
            place = f"{result.file}:{result.mutant.line}"
            lines += ["", f"{place} {result.outcome}", "```diff", result.mutant.diff, "```"]
    (project.root / REPORT_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
