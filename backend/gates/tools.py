"""Gates that are other people's tools: ruff, mypy, pytest."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from gates.model import Finding, GateError, Outcome, Project

NO_TESTS = 5


def run(project: Project, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module of the shared environment in backend/ and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project.backend,
        capture_output=True,
        text=True,
        check=False,
    )


def formatted(project: Project) -> Outcome:
    """Every Python file is formatted as ruff formats it."""
    files = python_files(project)
    result = run(project, "ruff", "format", "--check", "--output-format", "json", *files)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix"), checked=len(files))


def linted(project: Project) -> Outcome:
    """Every Python file keeps the lint rules; exception comments do not count."""
    files = python_files(project)
    result = run(
        project,
        "ruff",
        "check",
        "--ignore-noqa",
        "--config",
        "pyproject.toml",
        "--output-format",
        "json",
        *files,
    )
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix repairs some"), checked=len(files))


def typed(project: Project) -> Outcome:
    """Types are complete: mypy strict finds nothing."""
    result = run(project, "mypy", "--output", "json")
    findings = []
    for line in result.stdout.splitlines():
        error: dict[str, Any] = json.loads(line) if line.startswith("{") else {"severity": ""}
        if error["severity"] == "error":
            findings.append(
                Finding(
                    file=f"backend/{error['file']}",
                    line=max(error["line"], 0),
                    message=f"{error['message']} [{error['code']}]",
                    fix=error.get("hint") or "make the types say what the code does",
                )
            )
    if result.returncode not in {0, 1}:
        raise GateError(f"mypy could not run: {result.stderr.strip() or result.stdout.strip()}")
    return Outcome(findings=findings, checked=len(python_files(project)))


def tested(project: Project) -> Outcome:
    """All tests pass, in random order and in parallel, measured for coverage unless a selection is given."""
    measured = (
        [f"--cov={name}" for name in project.book["coverage"]["measured"]] if not project.arguments else []
    )
    return run_pytest(project, ["-n", "auto", "--cov-report=", *measured, *project.arguments])


def unit_tested(project: Project) -> Outcome:
    """The unit tests pass: those that do no I/O."""
    return run_pytest(project, ["tests/unit"])


def run_pytest(project: Project, arguments: Sequence[str]) -> Outcome:
    """Run pytest in backend/, let it print, and turn its failures into findings."""
    report = project.reports / "tests.xml"
    report.unlink(missing_ok=True)
    (project.reports / "coverage").mkdir(parents=True, exist_ok=True)
    options = ["-o", "junit_family=xunit1", f"--junit-xml={report}"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=project.backend,
        env=environment,
        check=False,
    )
    if not report.exists():
        raise GateError("pytest broke down before it wrote its report; see its output above.")
    cases = list(parse(report).iter("testcase"))
    findings = [_failure(case) for case in cases if _failed(case)]
    if result.returncode not in {0, 1, NO_TESTS} and not findings:
        raise GateError(f"pytest stopped with exit code {result.returncode}; see its output above.")
    return Outcome(findings=findings, checked=len(cases), note=f"{len(cases)} tests")


def python_files(project: Project) -> list[str]:
    """Return every Python file of the project that git does not ignore, relative to backend/."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name and (project.root / name).exists()]
    return [os.path.relpath(project.root / name, project.backend) for name in names]


def _ruff_findings(project: Project, result: subprocess.CompletedProcess[str], fix: str) -> list[Finding]:
    try:
        rows = json.loads(result.stdout or "[]")
    except ValueError:
        raise GateError(f"ruff could not run: {result.stderr.strip()}") from None
    if result.returncode not in {0, 1} or (result.returncode == 1 and not rows):
        raise GateError(f"ruff could not run: {result.stderr.strip()}")
    return [
        Finding(
            file=project.relative(Path(row["filename"])),
            line=row["location"]["row"] if row.get("location") else 0,
            message=f"{row['message']} [{row['code']}]" if row.get("code") else row["message"],
            fix=(row.get("fix") or {}).get("message") or fix,
        )
        for row in rows
    ]


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
