"""The gate `types`: mypy."""

import json
import re
from collections.abc import Mapping
from typing import Any

from gates.architecture.new_library import steps_to_add
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.process import CONFIGURATION, PYTHON_M, run
from gates.repo.python import python_files

ERROR_CODE_URL = "https://mypy.readthedocs.io/en/stable/_refs.html#code-"
STUBS_HINT = re.compile(r"pip install ([\w.-]+)")
"""Advice of mypy that would not last: the environment is what the lock holds."""


def check(project: Project) -> Outcome:
    """R02: mypy's strict types.

    Why: A value of type Any is checked nowhere, and its mistakes appear at run time.
    Refuses: Whatever `mypy --strict` refuses in the application, the gates, the tools and the tests.
    Instead: Write the types that the code has. Declare stubs of a library in `dev.in`.
    Exceptions: None; `type: ignore` and untyped blocks are refused.
    """
    result = run(project.backend, *PYTHON_M, "mypy", "--config-file", CONFIGURATION, "--output", "json")
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    findings = [_type_error(row) for row in rows if row["severity"] == "error"]
    if result.returncode != 0 and not findings:
        raise GateError(f"mypy could not run: {result.stderr.strip() or result.stdout.strip()}")
    return Outcome(findings=findings, checked=len(python_files(project)))


def _type_error(row: Mapping[str, Any]) -> Finding:
    code = row["code"]
    hint = row.get("hint") or ""
    fix = f"make the types say what the code does; mypy explains {code}: {ERROR_CODE_URL}{code}"
    if stubs := STUBS_HINT.search(hint):
        fix = steps_to_add("dev", name=stubs[1])
        hint = f"{stubs[1]} is not installed"
    return Finding(
        file=f"backend/{row['file']}",
        line=max(row["line"], 0),
        message="\n".join(filter(None, [f"{row['message']} [{code}]", hint])),
        fix=fix,
    )
