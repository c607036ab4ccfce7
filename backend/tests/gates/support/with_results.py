"""Results for the tests of what is shown: one gate that refuses three things, and one that passes."""

from collections.abc import Sequence
from pathlib import Path

from gates.model import Finding, Project, Status
from gates.report.runs import Run, record, start
from gates.rulebook import PATH
from gates.runner import Result
from tests.gates.support.sample_project import SampleProject

BLOCK = """
[default]
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


def make_project(root: Path) -> Project:
    """Return a project with a rule book and a file with a mistake."""
    book = root / PATH
    book.parent.mkdir(parents=True)
    book.write_text(f"# Rules\n\n```toml{BLOCK}```\n")
    (root / "README.md").write_text(TEXT)
    return Project(root=root)


def make_change(sample: SampleProject) -> SampleProject:
    """Let a change have two gates that it must pass, and one on request; main has the same rule book."""
    block = BLOCK.replace("[rules.R01]", 'mutants = ["mutants"]\n[rules.R01]')
    sample.write(PATH, f"# Rules\n\n```toml{block}```\n").commit()
    sample.git("branch", "--force", "main", "HEAD")
    return sample


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
