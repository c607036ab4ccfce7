"""The page after any session: what it found, what is old, and what has not run."""

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from gates.model import Project
from gates.report import page
from gates.report.runs import record, start
from gates.runner import Result
from tests.gates.support.html_parser import parse, text_of
from tests.gates.support.parts.results import RESULTS, VIOLATION, make_result, record_run
from tests.gates.support.sample_project import SampleProject

SECRETS = make_result(gate="secrets")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return SampleProject.build(tmp_path, RESULTS, repository=False).project


def page_of(project: Project, *results: Result) -> Element:
    """Return the page after a run with these results."""
    record_run(project, *results)
    return parse(page.render(project))


def test_shows_the_findings_of_a_session_and_what_did_not_run(project: Project) -> None:
    shown = page_of(project, make_result(VIOLATION))

    assert len(list(shown.iter("article"))) == 1
    rows = [[text_of(cell) for cell in row] for row in next(shown.iter("table")).iter("tr")][1:]
    assert [row[0] for row in rows] == ["failed", "not run"]
    header = text_of(next(shown.iter("header")))
    assert "./noxw -s lint took 0.0 s: 0 passed, 1 failed." in header
    assert "Not run: secrets." in header
    assert "Next: ./noxw -s lint" in header


def test_says_when_a_gate_ran_when_files_changed_since(change: SampleProject) -> None:
    run = record_run(change.project, SECRETS)
    change.write("README.md", "edited")

    shown = page_of(change.project, make_result())

    when = run.started[:16].replace("T", " ")
    assert f"Files have changed since these sessions ran: lint ({when})." in text_of(shown)
    assert [text_of(heading) for heading in shown.iter("h1")] == ["… Not every gate has run on these files"]


def test_shows_findings_when_the_last_run_saw_some_files_only(project: Project) -> None:
    record_run(project, make_result(VIOLATION), session="commit")

    shown = parse(page.render(project))

    assert "`teh` is not a word" in text_of(next(shown.iter("article")))
    assert "Not run: spelling, secrets." in text_of(shown)


def test_marks_a_finding_when_the_base_has_it_too(change: SampleProject) -> None:
    record_run(change.project, make_result(VIOLATION))
    change.write("README.md", "edited")

    shown = page_of(change.project, make_result(VIOLATION))

    assert "The base has the same finding." in text_of(next(shown.iter("article")))
    assert "the change may not be the cause: spelling (1 found)" in text_of(shown)


def test_says_so_when_the_base_passed(change: SampleProject) -> None:

    assert "None: 2 gates have run on the files of main" in text_of(
        page_of(change.project, make_result(), SECRETS)
    )


def test_lists_the_last_runs_with_their_seconds(project: Project) -> None:
    record_run(project, make_result(VIOLATION), arguments=["-k", "news"])

    shown = page_of(project, make_result(), SECRETS)

    (table,) = [each for each in shown.iter("table") if "wall-clock" in text_of(each)]
    rows = [[text_of(cell) for cell in row] for row in table.iter("tr")][1:]
    assert [row[1:4] for row in rows] == [
        ["./noxw -s lint", "2 passed", "0.0"],
        ["./noxw -s lint -- -k news", "1 of 1 failed", "0.0"],
    ]


def test_says_interrupted_when_a_run_was(project: Project) -> None:
    record(project, start(project).ended(["lint"], [make_result()], interrupted=True))

    assert "./noxw -s lint was interrupted after 0.0 s" in text_of(parse(page.render(project)))


def test_exists_when_no_session_has_run(project: Project) -> None:
    assert "No session has run yet." in text_of(parse(page.render(project)))
