"""Gates that run the tests."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from gates.architecture.exclusions import is_excluded
from gates.coverage import data, trend
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.cache import cached_per_file
from gates.repo.collected_tests import tests_in_file
from gates.repo.files import files
from gates.repo.git import changed_paths, merge_base
from gates.repo.process import PYTEST_OPTIONS
from gates.report.events import log_file, write_event
from gates.report.failures import failed_test
from gates.testing.durations.history import SECONDS_FILE, add_durations, expected_seconds, read_seconds
from gates.testing.durations.options import timing_options
from gates.testing.result_cache.contradictions import with_contradictions
from gates.testing.result_cache.records import Hits
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from gates.testing.result_cache.store import cache_folder
from gates.testing.shards.assignment import Shard, shard_in
from gates.testing.shards.combine import combine
from gates.testing.shards.results import shard_options, write_shard
from gates.testing.workers import workers_for, workers_for_all_tests, workers_for_arguments

COLLECTION_FAILURE = "collection failure"  # a message of pytest without the reason, which is in the text
EXIT_USAGE_ERROR = 4  # pytest's exit code for arguments that it does not take
USAGE_PROBLEMS = {
    data.EXIT_NO_TESTS: "no test is selected by {}, so nothing was tested",
    EXIT_USAGE_ERROR: "pytest does not take {}, so nothing was tested: its output says why",
}
WHOLE = "--whole"
COMBINE = "--combine"
FIX_ARGUMENTS = (
    "correct what follows `--`: paths are below backend/, -k takes parts of names of files and tests"
)
PYTEST_EVENTS = Path(__file__).parents[1] / "report/pytest_events.py"


def check_tests(project: Project) -> Outcome:
    """R12: all tests pass, in random order, and all of them run.

    Why: A skipped test protects nothing, and a fixed order hides tests that depend on each other.
    Refuses: Failures, warnings, and tests that were skipped, deselected or not collected.
    Instead: Repair the code or the test. Run one test with `./noxw -s tests -- -k NAME`.
    Exceptions: Files in [[exclusions]], kind tests, for tests that need a program the lock cannot bring.
        On a developer's machine, tests that passed do not run again until something that they depend on
        changes; `./noxw -s tests -- --whole` runs all of them. `-- --shard 1/4` runs a part of the tests,
        and `-- --combine` remembers the results of all parts in `reports/shards`.
    """
    if project.arguments == [COMBINE]:
        return combine(project)
    shard, arguments = shard_in(project.arguments)
    if arguments and arguments != [WHOLE]:
        return run_pytest(project, ["-n", workers_for_arguments(project), *project.arguments])
    everything = Project(root=project.root, events=project.events)
    if shard:
        return _run_shard(everything, shard, whole=WHOLE in arguments)
    return _run_everything(everything, whole=WHOLE in arguments)


def _run_everything(project: Project, *, whole: bool) -> Outcome:
    """Run all tests, or those that have no valid result. A whole run shows which valid results are wrong."""
    folder = cache_folder()
    if folder is None:
        return _keeping_coverage(project, partial(_run_all, project))
    cached = CachedRun.of(project, folder)
    selection = cached.select()
    if whole:
        all_tests = cached.select(whole=True)
        outcome = _keeping_coverage(project, partial(_run_selected, cached, all_tests))
        return with_contradictions(outcome, selection.held)
    if not selection.arguments and data.is_current(project):
        trend.store_totals(project)
        return Outcome(checked=len(selection.tests), note=selection.describe("0 tests"))
    return _keeping_coverage(project, partial(_run_selected, cached, selection))


def _run_shard(project: Project, shard: Shard, *, whole: bool) -> Outcome:
    """Run the tests of a shard, and leave their results for `--combine`."""
    cached = CachedRun.of(project, cache_folder() or project.reports / "results")
    selection = cached.select(whole=whole)
    remembered = cached.select().held if whole else {}
    options = shard_options(project, shard, project.reports / SECONDS_FILE)
    options += ["-n", workers_for_all_tests(), *cached.options(), *timing_options(project)]
    outcome = Outcome()
    if selection.arguments:
        if not selection.is_whole:
            options.append(cached.write_arguments(selection))
        outcome = run_pytest(project, options)
    if not outcome.findings and not outcome.checked:
        outcome = Outcome(skipped="no test of this shard has to run")
    write_shard(cached, shard, passed=outcome.status != "failed")
    return with_contradictions(outcome, remembered)


def _keeping_coverage(project: Project, run_tests: Callable[[], Outcome]) -> Outcome:
    """Run all tests, or those that stand for all, and keep what they cover if they pass."""
    before = data.snapshot(project)
    shutil.rmtree(
        project.reports / "coverage", ignore_errors=True
    )  # otherwise data of a killed run would be added
    outcome = run_tests()
    if outcome.status == "passed":
        _announce(project, "saving the coverage")
        data.store(project, before)
        trend.store_totals(project)
    return outcome


def _run_all(project: Project) -> Outcome:
    measuring = data.measurement_options(project, project.reports / data.DATA_FILE)
    options = ["-n", workers_for_all_tests(), *measuring, *timing_options(project)]
    outcome = run_pytest(project, options, must_run_all_of="tests")
    add_durations(project)
    return outcome


def _run_selected(cached: CachedRun, selection: Selection) -> Outcome:
    """Run the tests that have to run, and add up their coverage with that of the others."""
    project = cached.project
    outcome = Outcome(checked=len(selection.tests), note="0 tests")
    hits: Hits = {}
    if selection.arguments:
        workers = workers_for(project, selection)
        _announce_seconds(project, selection, workers)
        options = ["-n", workers, *cached.options(), *timing_options(project)]
        if not selection.is_whole:
            options.append(cached.write_arguments(selection))
        outcome = run_pytest(project, options, must_run_all_of="tests", known=selection.tests)
        add_durations(project)
        _announce(project, "saving results")
        hits = cached.keep(selection)
    if outcome.status == "passed":
        _announce(project, "combining the coverage")
        cached.write_coverage(selection, hits, project.reports / data.DATA_FILE)
    return Outcome(findings=outcome.findings, checked=outcome.checked, note=selection.describe(outcome.note))


def _announce(project: Project, step: str) -> None:
    """Say what the gate does now, where no test runs."""
    if project.events:
        write_event(project.events, "step", text=step)


def _announce_seconds(project: Project, selection: Selection, workers: str) -> None:
    """Say how long the selected tests will take, if earlier runs show it."""
    count = int(workers) if workers.isdecimal() else 1
    known = read_seconds(project.reports / SECONDS_FILE)
    seconds = expected_seconds(known, selection.arguments, count)
    if project.events and seconds:
        write_event(project.events, "expected", seconds=round(seconds, 1))


def check_unit_tests(project: Project) -> Outcome:
    """The unit tests, for the push hook, or all that the change affects.

    Why: A push without any test wastes the time of everybody who waits for CI.
    Refuses: Failures of the tests of tests/unit. Where the results of all tests are remembered: failures of
        the tests that depend on something that changed since.
    Instead: Run one with `./noxw -s tests -- -k NAME`.
    Exceptions: Skipped when all tests passed on the same code.
    """
    if data.changed_since_tests(project) == []:
        return Outcome(skipped="nothing changed since all tests passed")
    if folder := cache_folder():
        cached = CachedRun.of(project, folder)
        selection = cached.select()
        known = cached.known(selection, changed_paths(project, merge_base(project)))
        if not selection.is_whole and {*known.arguments} == {*selection.arguments}:
            return _keeping_coverage(project, partial(_run_selected, cached, selection))
    return run_pytest(project, ["tests/unit"], must_run_all_of="tests/unit")


def run_pytest(
    project: Project, arguments: Sequence[str], *, must_run_all_of: str = "", known: Collection[str] = ()
) -> Outcome:
    """Run pytest in backend/ and turn its failures into findings.

    Of the folder `must_run_all_of` every test that is written has to run, however it might be kept from it,
    save those that are `known` to pass.
    """
    report = project.reports / "tests.xml"
    report.unlink(missing_ok=True)
    (project.reports / "coverage").mkdir(parents=True, exist_ok=True)
    options = [*PYTEST_OPTIONS, "-o", "junit_family=xunit1", f"--junit-xml={report}"]
    code, output = _pytest(project, [*options, *arguments])
    if project.arguments and code in USAGE_PROBLEMS:
        asked = shlex.join(project.arguments)
        return Outcome(
            findings=[Finding(file="", message=USAGE_PROBLEMS[code].format(asked), fix=FIX_ARGUMENTS)]
        )
    if not report.exists():
        raise GateError(f"pytest broke down before it wrote its report; see {output}.")
    cases = list(parse(report).iter("testcase"))
    findings = [_failure(project, case) for case in cases if _failed(case)]
    if code not in {0, data.EXIT_NO_TESTS} and not findings:
        raise GateError(f"pytest ended with exit code {code} although no test failed; see {output}.")
    if must_run_all_of and not findings:
        findings += _tests_not_run(project, must_run_all_of, cases, known)
    return Outcome(findings=findings, checked=len(cases), note=f"{len(cases)} tests")


def _pytest(project: Project, arguments: Sequence[str]) -> tuple[int, str]:
    """Run pytest; return its exit code and where its output is.

    It prints to this terminal, where it can be debugged, unless the gate is followed. Then it appends events,
    and its output is in a log.
    """
    environment = data.environment_for_pytest(project)
    start = partial(subprocess.run, cwd=project.backend, env=environment, check=False)
    if project.events is None:
        return start([sys.executable, "-m", "pytest", *arguments]).returncode, "its output above"
    log = log_file(project, project.events.stem)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(PYTEST_EVENTS), str(project.events), *arguments]
    with log.open("wb") as output:
        result = start(command, stdout=output, stderr=subprocess.STDOUT)
    return result.returncode, project.relative(log)


def _tests_not_run(
    project: Project, folder: str, cases: Sequence[Element], known: Collection[str]
) -> Iterator[Finding]:
    """Yield the tests of a folder that did not run, or not with all their parameters."""
    passed = {_place_of(name) for name in known}
    done: dict[bool, set[tuple[str, str]]] = {True: passed, False: set()}
    for case in cases:
        name = str(case.get("name")).partition("[")[0]
        done[case.find("skipped") is None].add((f"backend/{case.get('file')}", name))
    for file, tests in cached_per_file(
        project, files(project, f"backend/{folder}/*.py"), tests_in_file
    ).items():
        for name, line, _ in tests:
            left_out = (file, name) in done[False] or (file, name) not in done[True]
            if left_out and not is_excluded(project, "tests", file):
                message = f"{name} did not run: it was skipped, deselected or not collected"
                yield Finding(file=file, line=line, message=message, fix="let it run, or delete it")


def _place_of(name: str) -> tuple[str, str]:
    """Return the file and the function in a test's name."""
    file, _, rest = name.partition("[")[0].partition("::")
    return f"backend/{file}", rest.rpartition("::")[2]


def _failed(case: Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _node(project: Project, case: Element) -> str:
    """Return what names a test for pytest; the report has the module, the class and the test apart."""
    parts = str(case.get("classname")).split(".")
    for end in range(len(parts), 0, -1):
        path = "/".join(parts[:end]) + ".py"
        if (project.backend / path).exists():
            return "::".join([path, *parts[end:], str(case.get("name"))])
    return str(case.get("file"))


def _failure(project: Project, case: Element) -> Finding:
    problem = case.find("failure")
    problem = case.find("error") if problem is None else problem
    found = case.attrib if problem is None else problem.attrib
    text = "" if problem is None else problem.text or ""
    message = found.get("message", "")
    return failed_test(
        node=_node(project, case),
        file=str(case.get("file")),
        line=int(case.get("line") or 0),
        name=str(case.get("name")),
        message=text if message == COLLECTION_FAILURE else message,
        text=text,
    )
