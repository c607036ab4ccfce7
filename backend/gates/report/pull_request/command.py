"""`./noxw -s pr`: the summary of the change for its reviewer."""

import sys
from contextlib import redirect_stdout
from functools import partial

from gates.model import Project
from gates.report import github
from gates.report.follow import follow_session
from gates.report.gate_states import verdict_of
from gates.report.pull_request.facts import collect
from gates.report.pull_request.markdown import lines
from gates.report.pull_request.revision_measurement import measured_costs
from gates.report.runs import current_tree, load_runs
from gates.report.verdict import write_page

REPORT = "pull-request.md"


def summarize_change(project: Project, *, run: bool, rows: int) -> None:
    """Print the summary of the change, write it to reports/, and append it to a workflow's summary.

    What is known comes from earlier runs; with `run`, sessions without a current result run first. New
    revisions are measured on tables of so many rows, unless they were before.
    """
    if run:
        with redirect_stdout(sys.stderr):
            run_missing(project)
        project = Project(root=project.root)
    written = list(lines(collect(project, partial(measured_costs, rows=rows))))
    project.reports.mkdir(exist_ok=True)
    (project.reports / REPORT).write_text("\n".join(written), encoding="utf-8")
    write_page(project)
    github.append_to_summary(written)
    print("\n".join(written))


def run_missing(project: Project) -> None:
    """Run the required sessions that have no current result."""
    verdict = verdict_of(project, load_runs(project), current_tree(project))
    for session in verdict.missing_sessions:
        follow_session(Project(root=project.root), session)
