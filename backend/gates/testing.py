"""Gates that run the tests."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from gates import measurement, trend
from gates.model import Finding, GateError, Outcome, Project

NO_TESTS = 5


def tested(project: Project) -> Outcome:
    """All tests pass, in random order and in parallel, measured for coverage unless a selection is given.

    Data count only after a passed run of all tests during which no file changed.
    """
    if project.arguments:
        return run_pytest(project, ["-n", "auto", *project.arguments])
    before = measurement.snapshot(project)
    shutil.rmtree(project.reports / "coverage", ignore_errors=True)  # what a killed run left would be added
    folders = project.book["coverage"]["measured"]
    outcome = run_pytest(project, ["-n", "auto", "--cov-report=", *(f"--cov={folder}" for folder in folders)])
    if outcome.status == "passed":
        measurement.record(project, before)
        trend.remember(project)
    return outcome


def unit_tested(project: Project) -> Outcome:
    """The unit tests pass: those that do no I/O."""
    return run_pytest(project, ["tests/unit"])


def run_pytest(project: Project, arguments: Sequence[str]) -> Outcome:
    """Run pytest in backend/, let it print, and turn its failures into findings."""
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
    if result.returncode not in {0, 1, NO_TESTS} and not findings:
        raise GateError(f"pytest stopped with exit code {result.returncode}; see its output above.")
    return Outcome(findings=findings, checked=len(cases), note=f"{len(cases)} tests")


def _failed(case: Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _failure(case: Element) -> Finding:
    problem = case.find("failure")
    problem = case.find("error") if problem is None else problem
    message = (problem.get("message") if problem is not None else None) or "failed"
    name = f"{case.get('file')}::{case.get('name')}"
    return Finding(
        file=f"backend/{case.get('file')}",
        line=int(case.get("line") or 0) + 1,
        message=f"{case.get('name')}: {message.splitlines()[0]}",
        fix=f"./noxw -s tests -- {name}",
    )
