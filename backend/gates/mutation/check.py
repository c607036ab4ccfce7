"""R17: tests fail when the code that they run is changed.

Why: A test without an assertion covers as much as a good one.
Refuses: A share of killed mutants below `[mutation]` in the rule book, of the change or of named modules.
Instead: Assert the result that the surviving mutant changes.
Exceptions: [mutation.left-out] for made-up content.

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

REPORT = "reports/mutants.md"
LONGEST = 7200  # seconds that a worker may take
# How tests end with a mutant: passed, failed, not collected, not even configured, crashed, out of time.
ENDS = {0: "survived", 1: "killed", 2: "killed", 4: "killed", -SIGSEGV: "killed", -SIGALRM: "timeout"}

Chosen = Mapping[str, set[int] | None]  # lines of a file, None for all
Tests = dict[int, set[str]]  # by line; the line was also run by no test where "" is among them
IMPORTED = -1  # the line of the test files that import the module


@dataclass(frozen=True)
class Fate:
    """What became of a mutant."""

    file: str
    mutant: Mutant
    end: str

    @property
    def good(self) -> bool:
        """Whether a test noticed."""
        return self.end in {"killed", "timeout"}


def check(project: Project) -> Outcome:
    """Tests notice enough of the mutants of a change, or of the named modules."""
    what, chosen = _chosen(project)
    if not chosen:
        return Outcome(skipped=f"there are no statements {what}")
    found = [(name, mutant) for name, lines in chosen.items() for mutant in _mutants(project, name, lines)]
    if not found:
        message = f"no mutant can be made {what}: nothing shows that a test would notice a fault"
        return Outcome(findings=[Finding(file=min(chosen), message=message, fix="read the tests instead")])
    outcome, tests = _measured(project, {folder for name in chosen for folder in _folders(project, name)})
    if outcome.status != "passed":
        return outcome
    fates = _run(project, found, tests)
    score = Count(sum(fate.good for fate in fates), len(fates))
    least = project.rulebook["mutation"]["modules" if project.arguments else "changed"]
    _write(project, what, fates)
    note = f"{score} of {score.total} mutants {what} noticed; {score.missing} not, see {REPORT}"
    findings = [] if score.reaches(least) else [_finding(fate, least) for fate in fates if not fate.good]
    return Outcome(findings=findings, checked=score.total, note=note)


def _chosen(project: Project) -> tuple[str, Chosen]:
    """Return what is mutated, in words and by file: a change, or what the command line names."""
    left_out = project.rulebook["mutation"].get("left-out", {})
    if project.arguments:
        what, chosen = f"of {', '.join(project.arguments)}", _named(project)
    else:
        base = merge_base(project)
        what = f"of the change since {base}"
        changed = changed_lines(project, base, *measured_folders(project))
        chosen = {name: _statements(project, name, lines) for name, lines in sorted(changed.items())}
    return what, {n: lines for n, lines in chosen.items() if lines != set() and not _fits(n, left_out)}


def _named(project: Project) -> dict[str, set[int] | None]:
    patterns = [name for name in project.arguments if name != "critical"]
    if "critical" in project.arguments:
        patterns += project.rulebook["coverage"]["critical-modules"]
    names = [name for name in measured_files(project) if _fits(name, patterns)]
    if not names:
        raise GateError(f"No measured file matches {' or '.join(patterns)}: say app/domain/* or critical.")
    return dict.fromkeys(names)


def _statements(project: Project, name: str, lines: set[int]) -> set[int]:
    """Return the lines of the statements that own a changed line; none of what is no Python."""
    if not name.endswith(".py"):
        return set()
    return Statements(
        (project.root / name).read_bytes(), python.parse_file(project, name)
    ).lines_of_changed_statements(lines)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, f"backend/{pattern}") for pattern in patterns)


def _mutants(project: Project, name: str, lines: set[int] | None) -> Iterator[Mutant]:
    source = files.text(project, name)
    for mutant in mutants(source, python.parse_source(source)):
        if lines is None or lines.intersection(mutant.lines):
            yield mutant


def _folders(project: Project, name: str) -> list[str]:
    """Return the tests that judge a file, nearest first, as the first pattern that fits it says."""
    table: dict[str, list[str]] = project.rulebook["mutation"]["tests"]
    return next((folders for pattern, folders in table.items() if _fits(name, [pattern])), [])


def _measured(project: Project, folders: set[str]) -> tuple[Outcome, dict[str, Tests]]:
    """Return how the tests of some folders end, and which of them run which lines of which file."""
    place, stamp = project.reports / "mutants", [snapshot(project), sorted(folders)]
    kept = place / "stamp.json"
    outcome = Outcome(checked=1)
    if not kept.exists() or json.loads(kept.read_text()) != stamp:
        place.mkdir(parents=True, exist_ok=True)
        options = measurement_options(project, place / ".coverage", "--measure-by-test")
        outcome = run_pytest(project, ["-n", "auto", "-q", *options, *sorted(folders)])
        kept.write_text(json.dumps(stamp if outcome.status == "passed" else []))
    data = CoverageData(str(place / ".coverage"))
    data.read()
    tests = {f"backend/{file}": _tests(data, file) for file in data.measured_files()}
    for test in files.files(project, "backend/tests/*test_*.py"):
        imported = {*imported_modules(python.parse_file(project, test))}
        for name, lines in tests.items():
            if module_name(name) in imported:
                lines.setdefault(IMPORTED, set()).add(test.removeprefix("backend/"))
    return outcome, tests


def _tests(data: CoverageData, file: str) -> Tests:
    """Return a file's tests by line; the context of what no test ran itself is ""."""
    return {line: {*contexts} for line, contexts in data.contexts_by_lineno(file).items() if line > 0}


def _task(project: Project, name: str, mutant: Mutant, tests: Tests) -> Task:
    """Say which tests a mutant meets: the nearest kind first, of that those that run the least of its file.

    What runs on import can show anywhere: it meets all tests that run a line of its file or import it.
    """
    met: set[str] = set().union(*(tests.get(line, set()) for line in mutant.lines))
    on_import = "" in met
    share = Counter(test for found in tests.values() for test in found)
    if on_import:
        met = {*share}
    kinds = enumerate(_folders(project, name))
    chosen = [
        (near, share[test], test) for near, kind in kinds for test in met if test.startswith(f"{kind}/")
    ]
    ordered = [test for _, _, test in sorted(chosen)]
    live = mutant.live and not on_import
    return Task(file=name.removeprefix("backend/"), number=mutant.number, live=live, tests=ordered)


def _run(project: Project, found: list[tuple[str, Mutant]], tests: Mapping[str, Tests]) -> list[Fate]:
    """Run all mutants, on as many workers as there are processors. Raises GateError when one breaks down."""
    tasks = [_task(project, name, mutant, tests.get(name, {})) for name, mutant in found]
    waiting = [task for task in tasks if task["tests"]]
    count = min(os.cpu_count() or 1, len(waiting))
    with ThreadPoolExecutor(max(count, 1)) as pool:
        parts = [pool.submit(_work, project, index, waiting[index::count]) for index in range(count)]
        ended = {(file, number): code for part in parts for file, number, code in part.result()}
    fates = []
    for (name, mutant), task in zip(found, tasks, strict=True):
        code = ended.get((task["file"], task["number"]))
        if task["tests"] and code not in ENDS:
            where = f"{name}:{mutant.line} ({code})"
            raise GateError(f"The mutant at {where} could not be run: see reports/mutants/worker-*.log.")
        fates.append(Fate(name, mutant, "no test" if code is None else ENDS[code]))
    return fates


def _work(project: Project, index: int, tasks: list[Task]) -> list[tuple[str, int, int]]:
    """Let one worker run its part and return its results, (file, number, exit code of the tests)."""
    place = project.reports / f"mutants/worker-{index}"
    results = place.with_suffix(".results")
    results.write_text("")
    seconds, preload = project.rulebook["mutation"]["test-seconds"], _preload(project)
    plan = Plan(gate=os.getpid(), seconds=seconds, preload=preload, results=str(results), tasks=tasks)
    place.with_suffix(".json").write_text(json.dumps(plan))
    files = sorted({test.partition("::")[0] for task in tasks if task["live"] for test in task["tests"]})
    options = ["-p", "gates.mutation.worker", "-p", "no:randomly", "-p", "no:cacheprovider", "-x", "-q", "-s"]
    options += [f"--basetemp={place}.tmp", "-W", "ignore:This process:DeprecationWarning"]
    command = [sys.executable, "-m", "pytest", *PYTEST_OPTIONS, *options, *files]
    env = environment_for_pytest(project) | {worker.VARIABLE: str(place.with_suffix(".json"))}
    with place.with_suffix(".log").open("wb") as log:
        subprocess.run(
            command, cwd=project.backend, env=env, stdout=log, stderr=log, timeout=LONGEST, check=False
        )
    return [json.loads(line) for line in results.read_text().splitlines()]


def _preload(project: Project) -> list[str]:
    """Return what the project imports from elsewhere: a worker does it once for all its children."""
    trees = (python.parse_file(project, name) for name in measured_files(project))
    nodes = (node for tree in trees for node in python.walk(tree))
    found = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return sorted(
        name for name in found if name.split(".")[0] not in project.rulebook["coverage"]["measured"]
    )


def _finding(fate: Fate, least: int) -> Finding:
    reason = "is run by no test" if fate.end == "no test" else "survives its tests"
    message = f"this mutant {reason} ({least} % must not):\n{fate.mutant.diff}"
    fix = "assert what the statement is for; then ./noxw -s mutants"
    return Finding(file=fate.file, line=fate.mutant.line, message=message, fix=fix)


def _write(project: Project, what: str, fates: list[Fate]) -> None:
    """Write the counts of each file, and each mutant that nobody noticed as a diff."""
    ends = ("killed", "timeout", "survived", "no test")
    lines = [f"# Mutants {what}", "", f"| file | mutants | {' | '.join(ends)} |", "|---|---|---|---|---|---|"]
    for name, group in groupby(fates, lambda fate: fate.file):
        counts = Counter(fate.end for fate in group)
        lines.append(f"| {name} | {counts.total()} | {' | '.join(str(counts[end]) for end in ends)} |")
    for fate in fates:
        if not fate.good:
            lines += ["", f"{fate.file}:{fate.mutant.line} {fate.end}", "```diff", fate.mutant.diff, "```"]
    (project.root / REPORT).write_text("\n".join(lines) + "\n", encoding="utf-8")
