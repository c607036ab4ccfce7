"""The run of gates and the summary of their results."""

import json
import sys
from io import StringIO
from pathlib import Path

import pytest

from gates.__main__ import main
from gates.model import Check, Finding, GateError, Outcome, Project
from gates.report.verdict import verdict
from gates.rulebook import RuleBook, RuleBookError
from gates.runner import load, run_gate, run_session, save
from tests.gates.support.parts.results import make_run
from tests.gates.support.sample_project import Part, SampleProject

TABLES = """[default]
sessions = ["lint"]
[sessions]
lint = ["spelling", "grammar"]
[rules.R01]
summary = "Words are spelled."
gates = ["spelling"]
[rules.R02]
summary = "Sentences have verbs."
gates = ["grammar"]
"""
VIOLATION = Finding(file="README.md", line=3, message="`teh` is not a word", fix="write `the`")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return SampleProject.build(tmp_path, Part(rules=TABLES), repository=False).project


def passing(_project: Project) -> Outcome:
    return Outcome(checked=3, note="3 files")


def refusing(_project: Project) -> Outcome:
    return Outcome(findings=[VIOLATION], checked=3)


def broken(_project: Project) -> Outcome:
    raise GateError("There is no dictionary: install one.")


def judged(project: Project) -> int:
    """Give the verdict about what the session left."""
    results = [load(project, "lint", gate) for gate in ("spelling", "grammar")]
    return verdict(project, make_run(project, *results))


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda _: Outcome(), "the gate found nothing to check"),
        (broken, "There is no dictionary: install one."),
    ],
)
def test_fails_when_a_gate_did_not_look(project: Project, check: Check, message: str) -> None:
    result = run_gate(project, "lint", "spelling", {"spelling": check})

    assert (result.status, [finding.message for finding in result.findings]) == ("failed", [message])


def test_fails_when_the_rule_book_names_an_unknown_gate(project: Project) -> None:
    result = run_gate(project, "lint", "spelling", {})

    assert result.status == "failed"
    assert "names a gate 'spelling' that backend/gates does not have" in result.findings[0].message


def test_says_skipped_when_a_gate_has_a_reason(project: Project) -> None:
    result = run_gate(project, "lint", "grammar", {"grammar": lambda _: Outcome(skipped="no sentences")})

    assert (result.status, result.note) == ("skipped", "no sentences")


def test_refuses_a_session_without_gates(project: Project) -> None:
    with pytest.raises(GateError, match="gives the session 'poetry' no gates"):
        run_session(project, "poetry", {})


def test_verdict_counts_and_writes_every_gate(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    save(project, run_session(project, "lint", {"spelling": refusing, "grammar": passing}))

    assert judged(project) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed"
    spelling, grammar = json.loads((project.reports / "gates.json").read_text())
    assert spelling["findings"] == [
        {"file": "README.md", "line": 3, "message": "`teh` is not a word", "fix": "write `the`"}
    ]
    assert (spelling["gate"], spelling["rule"], spelling["status"]) == ("spelling", "R01", "failed")
    assert (grammar["status"], grammar["findings"]) == ("passed", [])
    assert set(grammar) == {"gate", "rule", "status", "seconds", "findings"}


@pytest.mark.parametrize("left", [None, "", "{}", '{"gate": "grammar", "findings": 1}'])
def test_verdict_fails_when_a_gate_left_no_result(
    project: Project, left: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    save(project, run_session(project, "lint", {"spelling": passing, "grammar": passing}))
    kept = project.reports / "gates/grammar.json"
    kept.unlink() if left is None else kept.write_text(left)

    assert judged(project) == 1
    printed = capsys.readouterr().out
    assert "did not run" in printed
    assert printed.splitlines()[-1] == "1 passed, 1 failed"


def test_verdict_passes_when_all_gates_pass(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    save(project, run_session(project, "lint", {"spelling": passing, "grammar": passing}))

    assert judged(project) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 passed, 0 failed"


def test_verdict_writes_the_page_and_says_where_when_it_can(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    save(project, run_session(project, "lint", {"spelling": refusing, "grammar": passing}))

    judged(project)

    place = project.reports / "index.html"
    assert f"The page: {place}" in capsys.readouterr().out
    assert "`teh` is not a word" in place.read_text(encoding="utf-8")


@pytest.mark.parametrize(("check", "code"), [(refusing, 1), (passing, 0)])
def test_verdict_stays_when_the_page_cannot_be_written(
    project: Project, check: Check, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    save(project, run_session(project, "lint", {"spelling": check, "grammar": passing}))
    (project.reports / "index.html").mkdir()

    assert judged(project) == code
    *_, why, last = capsys.readouterr().out.splitlines()
    assert why.startswith("The page could not be written: IsADirectoryError")
    assert last == f"{2 - code} passed, {code} failed"


def test_verdict_lists_each_finding_once_when_in_a_workflow(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root / "summary.md"))
    save(project, run_session(project, "lint", {"spelling": refusing, "grammar": passing}))

    judged(project)

    assert capsys.readouterr().out.count("`teh` is not a word") == 1
    summary = (project.root / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("## The change is refused")
    assert summary.count("is not a word") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no block", "must hold exactly one ```toml block, but has 0"),
        ("```toml\na = 1\n```\n```toml\nb = 1\n```\n", "but has 2"),
        ("```toml\na = \n```\n", "not valid TOML"),
    ],
)
def test_refuses_a_rule_book_without_one_valid_block(text: str, message: str) -> None:
    with pytest.raises(RuleBookError, match=message):
        RuleBook.parse(text)


def test_refuses_a_project_without_a_rule_book(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match="is missing"):
        RuleBook.read(tmp_path)


def test_names_the_missing_table_of_the_rule_book(project: Project) -> None:
    with pytest.raises(RuleBookError, match=r"no table \[coverage\]"):
        project.rulebook["coverage"]


def test_finds_rule_session_and_line(project: Project) -> None:
    book = project.rulebook

    line = book.text.splitlines().index("[rules.R02]") + 1
    assert (book.rule_of("grammar"), book.session_of("grammar"), book.line_of("[rules.R02]")) == (
        "R02",
        "lint",
        line,
    )
    assert (book.rule_of("poetry"), book.session_of("poetry"), book.line_of("poetry")) == ("", "", 0)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("coverage.global.lines", "", 5),
        ("coverage.measured", "packages gates", 3),
        ("coverage.new.lines", "", 2),
        ("coverage.global", "", 4),
        ("mutation.floor", "", 0),
    ],
    ids=["key", "value", "only the table is left", "table", "nothing is left"],
)
def test_finds_the_nearest_line_when_a_key_is_named(key: str, value: str, line: int) -> None:
    block = '[coverage]\nmeasured = ["app", "gates"]\n[coverage.global]\nlines = 90\n'

    assert RuleBook.parse(f"```toml\n{block}```\n").find_line(key, value) == line


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run"]])
def test_explains_its_use_when_the_arguments_are_wrong(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)

    assert "usage: python -m gates" in capsys.readouterr().err


def test_explains_its_use_when_output_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a file has an encoding that could lack a character."""
    output = StringIO()
    monkeypatch.setattr(sys, "stderr", output)

    with pytest.raises(SystemExit, match="2"):
        main([])

    assert "usage: python -m gates" in output.getvalue()


def test_says_why_when_the_session_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "poetry"]) == 2
    assert "gives the session 'poetry' no gates" in capsys.readouterr().err
