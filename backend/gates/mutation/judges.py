"""The tests that judge a mutant: those that executed its lines when they passed.

The remembered results of the tests say so. Where results are not remembered, one run without mutants measures
which tests run which lines.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from coverage import CoverageData

from gates.coverage.data import changed_since_tests, measurement_options, snapshot
from gates.coverage.probes.instrument import instrument
from gates.model import Outcome, Project
from gates.mutation.engine import Candidate
from gates.mutation.operators import Mutant
from gates.repo import files, python
from gates.repo.modules import imported_modules, module_name
from gates.testing.affected import PARALLEL_FROM_FILES
from gates.testing.result_cache.records import Hits, hits_of, read_records
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.store import Result, cache_folder
from gates.testing.runs import run_pytest

MIN_TEST_SECONDS = 5
"""A test of a mutant may always take so long, because another load of the machine slows it down."""
MAX_SLOWDOWN = 20
"""A test of a mutant that takes so many times its usual seconds counts as endless."""
MAX_DISTANT_TESTS = 20
"""The number of tests that judge code which runs on import without any other relation to its module."""


@dataclass(frozen=True)
class ExecutedLines:
    """The tests of one file by the lines that they executed, and the lines that run on import.

    `near` tests, or files of tests, import the module by its name. `distant` ones import it through others.
    """

    tests: Mapping[int, Collection[str]]
    on_import: Collection[int]
    near: Collection[str] = ()
    distant: Collection[str] = ()


@dataclass(frozen=True)
class Judges:
    """What is known of the tests: executed lines by file, usual seconds, and a digest of all they depend on.

    A test without a digest may depend on anything. `context` identifies what every test depends on.
    """

    executed: Mapping[str, ExecutedLines]
    seconds: Mapping[str, float] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    context: str = ""

    def candidate(self, project: Project, name: str, mutant: Mutant) -> Candidate:
        """Return a mutant with its tests: the nearest kind first, of a kind the fastest ones.

        Code that runs on import can fail any test that executes a function of its module or imports it.
        """
        executed = self.executed.get(name, ExecutedLines({}, ()))
        on_import = any(line in executed.on_import for line in mutant.lines)
        found = {test for line in mutant.lines for test in executed.tests.get(line, ())}
        if on_import:
            found = {test for tests in executed.tests.values() for test in tests} | {*executed.near}
        share = Counter(test for tests in executed.tests.values() for test in tests)
        ordered = sorted(found, key=lambda test: (self.seconds.get(test, 0.0), share[test], test))
        if on_import:
            others = sorted({*executed.distant} - found, key=lambda test: (self.seconds.get(test, 0.0), test))
            ordered += others[:MAX_DISTANT_TESTS]
        chosen = [test for kind in folders_of_tests(project, name) for test in _below(ordered, kind)]
        tests = {test: self._limit(project, test) for test in chosen}
        return Candidate(name, mutant, tests, is_patchable=mutant.is_patchable and not on_import)

    def total_seconds(self, tests: Iterable[str]) -> float:
        """Return the usual seconds of some tests together."""
        return sum(self.seconds.get(test, 0.0) for test in tests)

    def _limit(self, project: Project, test: str) -> int:
        """Return the seconds after which a test of a mutant counts as endless."""
        most: int = project.rulebook["mutation"]["test-seconds"]
        if test not in self.seconds:
            return most
        return min(most, MIN_TEST_SECONDS + round(MAX_SLOWDOWN * self.seconds[test]))


def _below(tests: Iterable[str], folder: str) -> list[str]:
    return [test for test in tests if test.startswith(f"{folder}/")]


def folders_of_tests(project: Project, name: str) -> list[str]:
    """Return the folders of tests for a file, nearest first, from the first pattern that matches it."""
    table: dict[str, list[str]] = project.rulebook["mutation"]["tests"]
    return next((folders for pattern, folders in table.items() if matches(name, [pattern])), [])


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a file matches one of the rule book's patterns, which are relative to backend/."""
    return any(fnmatchcase(name, f"backend/{pattern}") for pattern in patterns)


def find_judges(project: Project, names: Collection[str]) -> tuple[Outcome, Judges]:
    """Return what is known of the tests of some files, and how the run ended that measured it, if any did."""
    folder = cache_folder()
    if folder and changed_since_tests(project) == []:
        return Outcome(checked=1), remembered_judges(project, folder, names)
    return _measured(project, names)


def remembered_judges(project: Project, folder: Path, names: Collection[str]) -> Judges:
    """Read the remembered results of all tests, and the observations of those that are never remembered."""
    cached = CachedRun.of(project, folder)
    held = cached.select().held
    hits = {test: _hits_in(result, cached, names) for test, result in held.items()}
    for record in read_records(cached.records, cached.dependencies):
        for test, tested in record.content["tests"].items():
            if test not in held:
                hits[test] = {name: {*numbers} for name, numbers in tested["observed"]["hits"].items()}
    executed = {}
    for name in names:
        found = {test: seen[name] for test, seen in hits.items() if seen.get(name)}
        executed[name] = _executed_lines(project, name, found)
    involved = {test for lines in executed.values() for tests in lines.tests.values() for test in tests}
    involved |= {test for lines in executed.values() for test in (*lines.near, *lines.distant)}
    known = {test: held[test] for test in involved if test in held}
    return Judges(
        executed,
        {test: result.seconds for test, result in known.items()},
        {test: _digest(result) for test, result in known.items()},
        cached.context,
    )


def _hits_in(result: Result, cached: CachedRun, names: Collection[str]) -> Hits:
    """Return the probes of some files that ran in a result."""
    wanted = {f"code {name}" for name in names}
    shares = frozenset(share for share in result.shares if share[0].partition("::")[0] in wanted)
    return hits_of([Result(test=result.test, shares=shares)], cached.dependencies) if shares else {}


def _executed_lines(project: Project, name: str, hits: Mapping[str, set[int]]) -> ExecutedLines:
    """Turn the probes of a file that ran by test into lines. A file of tests stands for its collection."""
    probes = instrument(files.text(project, name))[1]
    on_import = {number for test, numbers in hits.items() if "::" not in test for number in numbers}
    tests: dict[int, set[str]] = {}
    for test, numbers in hits.items():
        for number in numbers - on_import if "::" in test else ():
            for line in probes[number].lines:
                tests.setdefault(line, set()).add(test)
    near_files = _importing_files(project, name)
    importing = {test for test in hits if "::" in test}
    near = {test for test in importing if test.partition("::")[0] in near_files}
    lines = {line for number in on_import for line in probes[number].lines}
    return ExecutedLines(tests, lines, near, importing - near)


def _importing_files(project: Project, name: str) -> set[str]:
    """Return the test files, relative to backend/, that import a module by its name."""
    module = module_name(name)
    return {
        test.removeprefix("backend/")
        for test in files.files(project, "backend/tests/*test_*.py")
        if module in imported_modules(python.parse_file(project, test))
    }


def _digest(result: Result) -> str:
    shares = sorted(map(repr, result.shares))
    return hashlib.sha256("\0".join([result.test, *shares]).encode()).hexdigest()[:32]


def _measured(project: Project, names: Collection[str]) -> tuple[Outcome, Judges]:
    """Run the tests of the files' folders, and return which of them run which lines of which file."""
    folders = sorted({folder for name in names for folder in folders_of_tests(project, name)})
    place = project.reports / "mutants"
    stamp = [snapshot(project), folders]
    kept = place / "stamp.json"
    outcome = Outcome(checked=1)
    if not kept.exists() or json.loads(kept.read_text()) != stamp:
        place.mkdir(parents=True, exist_ok=True)
        options = measurement_options(project, place / ".coverage", "--measure-by-test")
        outcome = run_pytest(project, [*_workers(project, folders), "-q", *options, *folders])
        kept.unlink(missing_ok=True)
        if outcome.status == "passed":
            kept.write_text(json.dumps(stamp))
    data = CoverageData(str(place / ".coverage"))
    data.read()
    return outcome, Judges({name: _lines_in(project, data, name) for name in names})


def _workers(project: Project, folders: Iterable[str]) -> Iterator[str]:
    patterns = [f"backend/{folder}/*test_*.py" for folder in folders]
    if len(files.files(project, *patterns)) > PARALLEL_FROM_FILES:
        yield from ("-n", "auto")


def _lines_in(project: Project, data: CoverageData, name: str) -> ExecutedLines:
    """Return a file's tests by line. The context of code that runs outside of tests is ""."""
    contexts = data.contexts_by_lineno(name.removeprefix("backend/"))
    tests = {line: {*found} - {""} for line, found in contexts.items() if line > 0}
    on_import = {line for line, found in contexts.items() if line > 0 and "" in found}
    return ExecutedLines(tests, on_import, near=_importing_files(project, name))
