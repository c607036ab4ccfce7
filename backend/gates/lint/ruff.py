"""The gates `format` and `lint`: ruff."""

import json
from pathlib import Path
from subprocess import CompletedProcess

from gates.model import Finding, GateError, Outcome, Project
from gates.repo.process import CONFIGURATION, executable, run
from gates.repo.python import python_files

CONFIG_OPTIONS = ("--config", CONFIGURATION)


def check_format(project: Project) -> Outcome:
    """R01: the formatter's layout.

    Why: Reviews that discuss layout miss the faults in the code.
    Refuses: Python files that `ruff format` would rewrite.
    Instead: Run `./noxw -s fix`.
    Exceptions: None.
    """
    names = python_files(project)
    options = ("format", "--check", *CONFIG_OPTIONS, "--output-format", "json")
    result = run(project.backend, executable("ruff"), *options, *names)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix"), checked=len(names))


def check_lint(project: Project) -> Outcome:
    """R01: the linter's rules.

    Why: Unused names, naive times, blocking calls in coroutines and similar mistakes reached review.
    Refuses: Violations of the rules that `[tool.ruff.lint]` selects.
    Instead: Run `./noxw -s fix`; it repairs many of them. Change the code for the others.
    Exceptions: Per folder in [[exclusions]], with a reason; comments such as `noqa` are refused.
    """
    names = python_files(project)
    options = ("check", "--ignore-noqa", *CONFIG_OPTIONS, "--output-format", "json")
    result = run(project.backend, executable("ruff"), *options, *names)
    return Outcome(findings=_ruff_findings(project, result, "./noxw -s fix repairs some"), checked=len(names))


def _ruff_findings(project: Project, result: CompletedProcess[str], fix: str) -> list[Finding]:
    rows = json.loads(result.stdout or "[]") if result.returncode in {0, 1} else []
    if result.returncode and not rows:
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
