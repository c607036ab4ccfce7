"""Gates that are other people's tools: ruff and mypy."""

import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from gates.model import Finding, GateError, Outcome, Project
from gates.programs import CONFIGURATION, MODULE, installed, run
from gates.sources import files

CONFIGURED = ("--config", CONFIGURATION)


def formatted(project: Project) -> Outcome:
    """Every Python file is formatted as ruff formats it."""
    names = python_files(project)
    options = ("format", "--check", *CONFIGURED, "--output-format", "json")
    result = run(project.backend, installed("ruff"), *options, *names)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix"), checked=len(names))


def linted(project: Project) -> Outcome:
    """Every Python file keeps the lint rules; exception comments do not count."""
    names = python_files(project)
    options = ("check", "--ignore-noqa", *CONFIGURED, "--output-format", "json")
    result = run(project.backend, installed("ruff"), *options, *names)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix repairs some"), checked=len(names))


def typed(project: Project) -> Outcome:
    """Types are complete: mypy strict finds nothing."""
    result = run(project.backend, *MODULE, "mypy", "--config-file", CONFIGURATION, "--output", "json")
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
    if result.returncode != 0 and not findings:
        raise GateError(f"mypy could not run: {result.stderr.strip() or result.stdout.strip()}")
    return Outcome(findings=findings, checked=len(python_files(project)))


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
