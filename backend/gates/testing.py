"""Gates that run the tests."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from gates import measurement, trend
from gates.durations.summary import DATA as DURATIONS
from gates.exclusions import overlooked
from gates.memory import remembered
from gates.model import Finding, GateError, Outcome, Project
from gates.sources import files
from gates.written import written_in


def tested(project: Project) -> Outcome:
    """All tests pass, in random order and in parallel, measured for coverage unless a selection is given.

    Data count only after a passed run of all tests during which no file changed.
    """
    if project.arguments:
        return run_pytest(project, ["-n", "auto", *project.arguments])
    before = measurement.snapshot(project)
    shutil.rmtree(project.reports / "coverage", ignore_errors=True)  # what a killed run left would be added
    options = ["-n", "auto", *measurement.measuring(project, project.reports / measurement.DATA)]
    options += ["-p", "gates.durations.plugin", f"--durations-data={project.reports / DURATIONS}"]
    outcome = run_pytest(project, options, whole="tests")
    if outcome.status == "passed":
        measurement.record(project, before)
        trend.remember(project)
    return outcome


def unit_tested(project: Project) -> Outcome:
    """The unit tests pass: those that do no I/O."""
    return run_pytest(project, ["tests/unit"], whole="tests/unit")


def run_pytest(project: Project, arguments: Sequence[str], *, whole: str = "") -> Outcome:
    """Run pytest in backend/, let it print, and turn its failures into findings.

    Of the folder `whole` every test that is written has to run, however it might be kept from it.
    """
    report = project.reports / "tests.xml"
    report.unlink(missing_ok=True)
    (project.reports / "coverage").mkdir(parents=True, exist_ok=True)
    options = ["-o", "junit_family=xunit1", f"--junit-xml={report}"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=project.backend,
        env=measurement.environment(),
        check=False,
    )
    if not report.exists():
        raise GateError("pytest broke down before it wrote its report; see its output above.")
    cases = list(parse(report).iter("testcase"))
    findings = [_failure(case) for case in cases if _failed(case)]
    if result.returncode not in {0, 1, measurement.NO_TESTS} and not findings:
        raise GateError(f"pytest stopped with exit code {result.returncode}; see its output above.")
    findings += [] if findings or not whole else _left_out(project, whole, cases)
    return Outcome(findings=findings, checked=len(cases), note=f"{len(cases)} tests")


def _left_out(project: Project, folder: str, cases: Sequence[Element]) -> Iterator[Finding]:
    """Yield the tests of a folder that did not run, or not with all their parameters."""
    done: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for case in cases:
        name = str(case.get("name")).partition("[")[0]
        done[case.find("skipped") is None].add((f"backend/{case.get('file')}", name))
    for file, tests in remembered(project, files(project, f"backend/{folder}/*.py"), written_in).items():
        for name, line, _ in tests:
            left_out = (file, name) in done[False] or (file, name) not in done[True]
            if left_out and not overlooked(project, "tests", file):
                message = f"{name} did not run: it was skipped, deselected or not collected"
                yield Finding(file=file, line=line, message=message, fix="let it run, or delete it")


def _failed(case: Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _failure(case: Element) -> Finding:
    problem = case.find("failure")
    problem = case.find("error") if problem is None else problem
    message = (problem.get("message") if problem is not None else None) or "failed"
    name = f"{case.get('file')}::{case.get('name')}"
    message = f"{case.get('name')}: {message.splitlines()[0]}"
    file, line = f"backend/{case.get('file')}", int(case.get("line") or 0) + 1
    return Finding(file=file, line=line, message=message, fix=f"./noxw -s tests -- {name}")
