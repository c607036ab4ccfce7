"""Annotations and the summary of a workflow."""

from pathlib import Path

import pytest

from gates.model import Finding, Project
from gates.report import github
from gates.report.terminal import show
from tests.gates.support.parts.results import RESULTS, VIOLATION, make_result
from tests.gates.support.sample_project import SampleProject

HOSTILE = Finding(
    file="a,b:c%\r\n::error::x.py",
    line=7,
    message="50 % | <script>alert(1)</script>\n::stop-commands::x\r\n[a](https://a.example) `b` @team\x1b[2J",
    fix="_do_ *it* | then",
)


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that GitHub shows as the step's summary, in a workflow."""
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return SampleProject.build(tmp_path / "project", RESULTS, repository=False).project


def test_annotates_a_finding_once_when_in_a_workflow(
    project: Project, summary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(project, [make_result(VIOLATION)])

    said = "`teh` is not a word%0AFix: write `the`%0AAgain: ./noxw -s lint"
    assert capsys.readouterr().out.splitlines() == [
        f"::error file=README.md,line=3,title=R01 spelling::README.md:3: {said}",
        "failed  spelling  R01  1.50  ./noxw -s lint  1 found",
    ]
    assert "| ❌ failed | spelling | R01 | 1&#46;50 | &#46;/noxw -s lint |  |" in summary.read_text()


def test_escapes_what_would_end_a_property_or_a_command(summary: Path) -> None:
    command = github.annotation(make_result(HOSTILE), HOSTILE)

    properties, _, message = command.removeprefix("::error ").partition("::")
    assert properties == r"file=a%2Cb%3Ac%25\r%0A%3A%3Aerror%3A%3Ax.py,line=7,title=R01 spelling"
    assert "50 %25 | <script>" in message
    assert not {"\n", "\r", "\x1b"} & {*command}
    assert not summary.exists()


def test_names_no_line_when_a_finding_has_no_file() -> None:
    finding = Finding(file="", message="no data", fix="run the tests")

    command = github.annotation(make_result(finding), finding)

    assert command == ("::error title=R01 spelling::no data%0AFix: run the tests%0AAgain: ./noxw -s lint")


def test_keeps_the_table_whole_when_text_is_hostile(summary: Path) -> None:
    github.summarize([make_result(HOSTILE, note="a|b\n# c")], "The change is refused.")

    text = summary.read_text()
    assert text.startswith("## The change is refused&#46;\n\n| result |")
    assert [line.count("|") for line in text.splitlines() if line.startswith("|")] == [7, 7, 7, 5, 5, 5]
    assert [line for line in text.splitlines()[1:] if line and not line.startswith("|")] == ["### Findings"]
    syntax = ("<script>", "](", "`", "@", "*it*", "_do_", "https:", "::", "\x1b", "# c")
    assert [mark for mark in syntax if mark in text] == []


@pytest.mark.parametrize("before", [0, 600_000, 2_000_000])
def test_stays_below_github_s_limit_when_there_are_many_findings(summary: Path, before: int) -> None:
    summary.write_text("x" * before)
    results = [make_result(*[HOSTILE] * 5000)]

    github.summarize(results)
    github.summarize(results)

    written = summary.read_text()[before:]
    assert len(written.encode()) + before < max(1024 * 1024, before + 1024)
    assert "There is more in the log" in written


def test_shortens_a_message_when_it_is_endless() -> None:
    finding = Finding(file="", message="long " * 5000, fix="shorten")

    assert len(github.annotation(make_result(finding), finding)) < 2200


def test_keeps_the_verdict_when_the_summary_cannot_be_written(
    summary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary.mkdir()

    github.summarize([make_result()])

    assert "The summary could not be written" in capsys.readouterr().out


def test_writes_no_summary_when_not_in_a_workflow(summary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "false")

    github.summarize([make_result()])

    assert not summary.exists()


def test_has_no_table_of_findings_when_there_are_none(summary: Path) -> None:
    github.summarize([make_result()])

    assert "passed" in summary.read_text()
    assert "Findings" not in summary.read_text()
