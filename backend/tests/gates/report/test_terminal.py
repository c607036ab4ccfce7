"""Results on a terminal and in a log."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gates.model import Finding, Project
from gates.report.terminal import show, show_findings, show_table
from tests.gates.support.parts.results import RESULTS, VIOLATION, make_result
from tests.gates.support.sample_project import SampleProject


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return SampleProject.build(tmp_path, RESULTS, repository=False).project


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print to a terminal with colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_shows_place_rule_fix_and_command_when_a_gate_refuses(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not show(project, [make_result(VIOLATION), make_result(gate="secrets", note="3 files")])

    assert capsys.readouterr().out.splitlines() == [
        "spelling refuses (R01: Words are spelled.)",
        "README.md:3: `teh` is not a word [R01 spelling]",
        "    fix: write `the`",
        "again: ./noxw -s lint",
        "",
        "failed  spelling  R01  1.50  ./noxw -s lint  1 found",
        "passed  secrets   R15  1.50  ./noxw -s lint  3 files",
    ]


def test_shows_the_message_once_when_many_findings_are_equal(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each finding shows its source line if it can be read, and each repair is printed once."""
    equal = [replace(VIOLATION, line=line, message="`teh` is wrong\nas a word") for line in range(1, 14)]

    show_findings(project, [make_result(*equal[:2], VIOLATION, *equal[2:])])

    lines = capsys.readouterr().out.splitlines()
    assert lines[1:6] == [
        "README.md:1: `teh` is wrong",
        "    as a word [R01 spelling]",
        "README.md:2: `teh` is wrong [R01 spelling]",
        "README.md:3: `teh` is wrong [R01 spelling]",
        "README.md:4: `teh` is wrong [R01 spelling]",
    ]
    assert lines[11:16] == [
        "README.md:10: `teh` is wrong [R01 spelling]",
        "    … and 3 more like this: reports/gates/spelling.json",
        "    fix: write `the`",
        "README.md:3: `teh` is not a word [R01 spelling]",
        "    fix: write `the`",
    ]


@pytest.mark.usefixtures("terminal")
def test_shows_the_source_once_when_findings_are_equal(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    show_findings(project, [make_result(*(replace(VIOLATION, line=line) for line in range(1, 14)))])

    printed = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)
    assert printed.count("Say teh word.") == printed.count("is not a word") == printed.count("fix: ") == 1
    assert printed.count("  README.md:") == 10
    assert "… and 3 more like this: reports/gates/spelling.json" in printed


def test_names_no_rule_when_a_gate_has_none(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    show_findings(project, [replace(make_result(VIOLATION), gate="tests-affected", rule="")])

    assert capsys.readouterr().out.splitlines()[:2] == [
        "tests-affected refuses",
        "README.md:3: `teh` is not a word [tests-affected]",
    ]


def test_lets_pass_when_every_gate_passes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(project, [make_result()])
    assert capsys.readouterr().out == "passed  spelling  R01  1.50  ./noxw -s lint\n"


def test_keeps_findings_greppable_when_they_have_several_lines(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding(file="a\x1b[2Jb", message="one\ntwo\r\x07 \u202e\udc80", fix="three\nfour")

    show(project, [make_result(finding, note="x\x1b[0m")])

    printed = capsys.readouterr().out
    expected = r"a\x1b[2Jb: one" + "\n    two" + r"\r\x07 \u202e\udc80"
    assert f"{expected} [R01 spelling]\n    fix: three\n    four\n" in printed
    assert {character for character in printed if not character.isprintable()} == {"\n"}


@pytest.mark.usefixtures("terminal")
def test_shows_the_source_in_colour_when_there_is_a_terminal(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    show_findings(project, [make_result(VIOLATION), make_result(gate="secrets")])

    printed = capsys.readouterr().out
    assert "\x1b[1;31mspelling refuses\x1b[0m" in printed
    assert "\x1b[1;36m  README.md:3" in printed
    assert "Say teh word." in printed
    assert "❱" in printed
    assert "Then stop." in printed
    assert "secrets" not in printed


@pytest.mark.usefixtures("terminal")
def test_escapes_markup_and_commands_when_on_a_terminal(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / "x.py").write_text("a = '\x1b]0;title\x07'\n")

    show(project, [make_result(Finding(file="x.py", line=1, message="[red]\x1b[2J:bug:", fix="[/]"))])

    printed = capsys.readouterr().out
    assert r"[red]\x1b[2J:bug:" in printed
    assert "[/]" in printed
    assert r"\x1b]0;title\x07" in re.sub("\x1b\\[[0-9;]*m", "", printed)
    assert "\x1b[2J" not in printed
    assert "\x1b]0" not in printed


@pytest.mark.usefixtures("terminal")
def test_shows_no_line_of_a_file_when_it_holds_a_secret(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    found = make_result(VIOLATION, gate="secrets")

    show_findings(project, [make_result(VIOLATION), found])

    assert "teh word" not in capsys.readouterr().out


@pytest.mark.usefixtures("terminal")
def test_shows_no_source_when_a_place_is_outside_the_project(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root.parent / "outside.txt").write_text("not yours")
    (project.root / "link").symlink_to(project.root.parent / "outside.txt")
    names = ("../outside.txt", "link", "missing.py", "")
    findings = [Finding(file=name, line=1, message="m", fix="f") for name in names]

    show_findings(project, [make_result(*findings)])

    printed = capsys.readouterr().out
    assert "missing.py:1" in printed
    assert "not yours" not in printed


def test_names_the_columns_when_the_table_is_the_verdict_s(capsys: pytest.CaptureFixture[str]) -> None:
    show_table([make_result(gate="[red]")], header=True)

    names, row = capsys.readouterr().out.splitlines()
    assert names.split() == ["result", "gate", "rule", "seconds", "run", "again"]
    assert row.split()[:2] == ["passed", "[red]"]
