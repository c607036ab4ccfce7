"""Gates that are other people's tools: ruff and mypy."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from gates.architecture.new_library import steps
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.files import files
from gates.repo.process import CONFIGURATION, MODULE, installed, run

CODES = "https://mypy.readthedocs.io/en/stable/_refs.html#code-"
STUBS = re.compile(r"pip install ([\w.-]+)")
"""Advice of mypy that would not last: the environment is what the lock holds."""
CONFIGURED = ("--config", CONFIGURATION)


def formatted(project: Project) -> Outcome:
    """R01: the formatter's layout.

    Why: Reviews that discuss layout miss the faults in the code.
    Refuses: Python files that `ruff format` would rewrite.
    Instead: Run `./noxw -s fix`.
    Exceptions: None.
    """
    names = python_files(project)
    options = ("format", "--check", *CONFIGURED, "--output-format", "json")
    result = run(project.backend, installed("ruff"), *options, *names)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix"), checked=len(names))


def linted(project: Project) -> Outcome:
    """R01: the linter's rules.

    Why: Unused names, naive times, blocking calls in coroutines and similar mistakes reached review.
    Refuses: Violations of the rules that `[tool.ruff.lint]` selects.
    Instead: Run `./noxw -s fix`; it repairs many of them. Change the code for the others.
    Exceptions: Per folder in [[exclusions]], with a reason; comments such as `noqa` are refused.
    """
    names = python_files(project)
    options = ("check", "--ignore-noqa", *CONFIGURED, "--output-format", "json")
    result = run(project.backend, installed("ruff"), *options, *names)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix repairs some"), checked=len(names))


def typed(project: Project) -> Outcome:
    """R02: mypy's strict types.

    Why: A value of type Any is checked nowhere, and its mistakes appear at run time.
    Refuses: Whatever `mypy --strict` refuses in the application, the gates, the tools and the tests.
    Instead: Write the types that the code has. Declare stubs of a library in `dev.in`.
    Exceptions: None; `type: ignore` and untyped blocks are refused.
    """
    result = run(project.backend, *MODULE, "mypy", "--config-file", CONFIGURATION, "--output", "json")
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    findings = [_type_error(row) for row in rows if row["severity"] == "error"]
    if result.returncode != 0 and not findings:
        raise GateError(f"mypy could not run: {result.stderr.strip() or result.stdout.strip()}")
    return Outcome(findings=findings, checked=len(python_files(project)))


def _type_error(row: Mapping[str, Any]) -> Finding:
    code, hint = row["code"], row.get("hint") or ""
    fix = f"make the types say what the code does; mypy explains {code}: {CODES}{code}"
    if stubs := STUBS.search(hint):
        fix, hint = steps("dev", name=stubs[1]), f"{stubs[1]} is not installed"
    return Finding(
        file=f"backend/{row['file']}",
        line=max(row["line"], 0),
        message="\n".join(filter(None, [f"{row['message']} [{code}]", hint])),
        fix=fix,
    )


def python_files(project: Project) -> list[str]:
    """Return every Python file of the project that git does not ignore, relative to backend/."""
    return [os.path.relpath(project.root / name, project.backend) for name in files(project, "*.py")]


def _ruff_findings(project: Project, result: CompletedProcess[str], fix: str) -> list[Finding]:
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
