"""R13: coverage of the statements that a change adds or edits, lines and branches apart.

Why: A change without tests disappears in the total of a large project.
Refuses: New code with less coverage than `[coverage] new`, several statements on a line, and data of
    another state.
Instead: Run `./noxw -s tests`, then write tests for the lines that the finding names.
Exceptions: Skipped when no measured code is new.

The data come from a passed run of all tests on exactly these files: unit tests alone do not cover adapters.
Ternaries and filters of comprehensions are not branches to coverage.
"""

import json
from collections.abc import Iterator

from gates.coverage.data import (
    RUN_TESTS,
    Branch,
    Count,
    Coverage,
    CoverageByFile,
    load_current,
    measured_folders,
    totals,
    write_report,
)
from gates.coverage.statements import Statements
from gates.coverage.thresholds import (
    below_threshold,
    branch_text,
    line_ranges,
    undeclared_exclusions,
    unmeasured,
)
from gates.model import Finding, GateError, Outcome, Project
from gates.repo import python
from gates.repo.git import Base, changed_lines, merge_base
from gates.repo.process import PYTHON_M, run

HTML_REPORT = "reports/new-code.html"
BELOW_THRESHOLD = 1  # diff-cover's exit code when the share is below its threshold


def check(project: Project) -> Outcome:
    """New and edited statements reach the thresholds for new code."""
    base = merge_base(project)
    changed = changed_code(project, base)
    if not changed:
        return Outcome(skipped=f"no measured code is new since {base}")
    measurement = load_current(project)
    measured = sorted(changed.keys() & measurement.keys())
    statements = {name: lines_of_changed_statements(project, name, changed[name]) for name in measured}
    new = {name: measurement[name].within(statements[name]) for name in measured}
    lines, branches = totals(new.values())
    findings = unmeasured(project, measurement, set(changed))
    for name in measured:
        findings += undeclared_exclusions(project, name, measurement[name])
        findings += _statements_sharing_a_line(project, name, statements[name])
    findings += _uncovered(project, new, lines, branches)
    if lines.total:
        findings += diff_cover(project, base, new, lines)
    elif not findings:
        return Outcome(skipped=f"no statement is new since {base}")
    note = f"{lines} of {lines.total} lines, {branches} of {branches.total} branches new since {base}"
    return Outcome(findings=findings, checked=lines.total, note=note)


def changed_code(project: Project, base: Base) -> dict[str, set[int]]:
    """Return the lines that a change adds or edits in the code that tests have to measure, by file."""
    changed = changed_lines(project, base, *measured_folders(project))
    return {name: lines for name, lines in changed.items() if name.endswith(".py")}


def lines_of_changed_statements(project: Project, name: str, changed: set[int]) -> set[int]:
    """Return all lines of the statements of a file to which the changed lines belong."""
    return _statements(project, name).lines_of_changed_statements(changed)


def _statements(project: Project, name: str) -> Statements:
    return Statements((project.root / name).read_bytes(), python.parse_file(project, name))


def _uncovered(project: Project, new: CoverageByFile, lines: Count, branches: Count) -> Iterator[Finding]:
    """Yield, when a threshold is missed, that and each place that misses."""
    threshold = project.rulebook["coverage"]["new"]
    yield from below_threshold(
        "", "the new code", threshold, lines, branches, fix=f"see below, and {HTML_REPORT}"
    )
    for name, file in new.items():
        if file.missing_lines and not lines.reaches(threshold["lines"]):
            message = f"new code in {line_ranges(file.missing_lines)} is run by no test"
            fix = "write a test that runs it and fails when it is wrong"
            yield Finding(file=name, line=min(file.missing_lines), message=message, fix=fix)
        if not branches.reaches(threshold["branches"]):
            yield from (_branch(name, branch) for branch in sorted(file.missing_branches))


def _branch(name: str, branch: Branch) -> Finding:
    message = f"no test takes the new branch {name}:{branch_text(branch)}"
    fix = "write a test for this outcome of the condition"
    return Finding(file=name, line=branch[0], message=message, fix=fix)


def _statements_sharing_a_line(project: Project, name: str, changed: set[int]) -> Iterator[Finding]:
    message = "a statement stands behind another one on its line: coverage cannot tell whether it ran"
    for line in _statements(project, name).shared_lines(changed):
        yield Finding(file=name, line=line, message=message, fix="give it a line of its own (./noxw -s fix)")


def diff_cover(project: Project, base: Base, new: CoverageByFile, lines: Count) -> Iterator[Finding]:
    """Let diff-cover report exactly the lines that the gate counts, and judge them as well.

    It gets them as a diff: its own one leaves out untracked files, continuation lines and what
    `.gitattributes` hides. Raises GateError when it breaks down.
    """
    write_report(project, "xml", "coverage.xml")
    folder = project.reports / "coverage"
    (folder / "new-code.diff").write_text(
        "".join(_as_diff(name, file) for name, file in new.items()), encoding="utf-8"
    )
    threshold = project.rulebook["coverage"]["new"]["lines"]
    formats = f"html:../{HTML_REPORT},markdown:../reports/new-code.md,json:../reports/coverage/new-code.json"
    command = [
        *PYTHON_M,
        "diff_cover.diff_cover_tool",
        str(folder / "coverage.xml"),
        f"--diff-file={folder / 'new-code.diff'}",
        f"--compare-branch={base.commit}",
        f"--fail-under={threshold}",
        f"--format={formats}",
        "--quiet",
    ]
    result = run(project.backend, *command)
    if result.returncode not in {0, BELOW_THRESHOLD} or not (folder / "new-code.json").exists():
        raise GateError(f"diff-cover could not run: {(result.stdout + result.stderr).strip()}")
    counted = json.loads((folder / "new-code.json").read_text())["total_num_lines"]
    if (result.returncode == BELOW_THRESHOLD and lines.reaches(threshold)) or counted != lines.total:
        message = f"diff-cover judges {counted} new lines, but {lines.total} were measured"
        fix = f"compare {HTML_REPORT} with reports/coverage/coverage.json; {RUN_TESTS}"
        yield Finding(file="", message=message, fix=fix)


def _as_diff(name: str, file: Coverage) -> str:
    hunks = (f"@@ -0,0 +{line} @@\n+\n" for line in sorted(file.executed_lines | file.missing_lines))
    return f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n" + "".join(hunks)
