"""Results for the tests of what is shown: one gate that refuses three things, and one that passes."""

from collections.abc import Sequence

from gates.model import Finding, Project, Status
from gates.report.runs import Run, record, start
from gates.runner import Result
from tests.gates.support.sample_project import Part

TABLES = """[default]
sessions = ["lint"]
[sessions]
lint = ["spelling", "secrets"]
[rules.R01]
summary = "Words are spelled."
gates = ["spelling"]
[rules.R15]
summary = "No secrets."
gates = ["secrets"]
"""
TEXT = "# Words\n\nSay teh word.\n\nThen stop.\n"
VIOLATION = Finding(file="README.md", line=3, message="`teh` is not a word", fix="write `the`")


RESULTS = Part({"README.md": TEXT}, TABLES)
ON_REQUEST = Part({".gitignore": "/reports/\n"}, '[sessions]\nmutants = ["mutants"]\n')
"""A gate that is on request, so that a change passes without it."""


def make_result(*findings: Finding, gate: str = "spelling", note: str = "", seconds: float = 1.5) -> Result:
    """Return a gate's result: failed with findings, passed without."""
    status: Status = "failed" if findings else "passed"
    return Result(
        gate=gate,
        rule="R15" if gate == "secrets" else "R01",
        session="lint",
        status=status,
        seconds=seconds,
        note=note,
        findings=list(findings),
    )


def make_run(project: Project, *results: Result, arguments: Sequence[str] = (), session: str = "lint") -> Run:
    """Return a run of a session on the project's files as they are now."""
    return start(project).ended([session], results, arguments=arguments)


def record_run(
    project: Project, *results: Result, arguments: Sequence[str] = (), session: str = "lint"
) -> Run:
    """Record such a run as the newest one, and return it."""
    run = make_run(project, *results, arguments=arguments, session=session)
    record(project, run)
    return run
