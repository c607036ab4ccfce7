"""The summary of a change as its reviewer reads it."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gates.__main__ import main
from gates.model import Project
from gates.report.pull_request import command
from gates.report.pull_request.command import run_missing, summarize_change
from gates.report.pull_request.contract_changes import Break, ContractChanges, Operation, SchemaChange
from gates.report.pull_request.facts import PullRequest, collect
from gates.report.pull_request.markdown import MAX_FINDINGS, MAX_ROWS, code, lines, prose
from gates.report.pull_request.revision_costs import RevisionCost, StatementCost
from gates.report.section import Section
from gates.testing.durations.summary import DURATIONS_FILE, Duration
from tests.gates.support.parts.application import lock
from tests.gates.support.parts.coverage import COVERAGE, SHOP, MeasuredProject
from tests.gates.support.parts.results import RESULTS, VIOLATION, make_result, record_run
from tests.gates.support.sample_project import SampleProject

SECRETS = make_result(gate="secrets")


def summary(project: Project) -> dict[str, str]:
    """Return the parts of the summary by title; the first one is its head."""
    return parts_of(collect(project))


def parts_of(facts: PullRequest) -> dict[str, str]:
    head, *parts = "\n".join(lines(facts)).split("\n### ")
    return {"": head} | {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts}


def facts_with(change: SampleProject, **parts: object) -> PullRequest:
    """Return the facts of a change that edits one page, with these data in place of its own."""
    change.write("README.md", "edited")
    sections: dict[str, Any] = {name: Section(data=data) for name, data in parts.items()}
    return replace(collect(change.project), **sections)


def test_has_the_verdict_alone_when_the_change_is_empty(change: SampleProject) -> None:
    record_run(change.project, make_result(), SECRETS)

    found = summary(change.project)

    assert [*found] == ["", "Verdict"]
    assert found[""].startswith("## ✅ The change may be merged\n\nCompared with main (")
    assert "No file differs from it." in found[""]
    assert found["Verdict"] == "2 passed, 0 failed, 0 skipped on these files."


def test_has_the_verdict_alone_when_the_clone_is_shallow(change: SampleProject, tmp_path: Path) -> None:
    change.write("README.md", "edited").commit()
    shallow = SampleProject(tmp_path / "shallow")
    change.git("clone", "--quiet", "--depth=1", f"file://{change.root}", str(shallow.root))

    found = summary(shallow.project)

    assert [*found] == ["", "Verdict"]
    assert "This clone is shallow and may lack the commit where the change began" in found[""]
    assert "- Not run: `spelling`, `secrets`" in found["Verdict"]


def test_names_findings_and_what_is_old_or_not_run(change: SampleProject) -> None:
    record_run(change.project, SECRETS)
    change.write("README.md", "edited")
    record_run(change.project, make_result(VIOLATION))

    found = summary(change.project)

    assert found[""].startswith("## ❌ The change is refused\n")
    verdict = found["Verdict"]
    assert verdict.startswith(
        "0 passed, 1 failed, 0 skipped on these files.\n- Old, because files changed since: `secrets` (20"
    )
    assert "- Next: `./noxw -s lint`, or `./noxw -s pr -- --run`" in verdict
    assert "| `spelling` | `README.md:3` | `teh` is not a word |" in verdict


def test_says_that_nothing_changed_in_each_part(change: SampleProject) -> None:
    change.write("README.md", "edited")
    change.write(f"reports/{DURATIONS_FILE}", json.dumps({"tests": {}, "fixtures": {}}))

    found = summary(change.project)

    assert found["Contract"] == "The contract is the same."
    assert found["Dependencies"].startswith("Unknown.")
    assert found["Mutants"] == "Not tried: `./noxw -s mutants`."
    assert found["Slowest tests of the change"].startswith("The last run of all tests ran none")
    assert "| `root` |  | 1 |  |  |" in found["Files"]


def test_lists_uncovered_lines_of_new_code(tmp_path: Path) -> None:
    sample = MeasuredProject.build(tmp_path, RESULTS, COVERAGE, branch="change")
    sample.add_code("def added(a):\n    if a:\n        return 1\n    return 2\n", "assert shop.added(1) == 1")
    sample.measure()

    found = summary(sample.project)["Coverage of new code"]

    assert found.startswith(
        "**75.00 %** of 4 new lines (at least 95 %), **50.00 %** of 2 new branches (at least 90 %)."
    )
    assert f"| `{SHOP}` | line 8 | 6 → 8 |" in found


def test_lists_no_file_when_tests_cover_all_new_code(tmp_path: Path) -> None:
    sample = MeasuredProject.build(tmp_path, RESULTS, COVERAGE, branch="change")
    sample.add_code("def added(a):\n    return a\n", "assert shop.added(1) == 1")
    sample.measure()

    assert summary(sample.project)["Coverage of new code"] == (
        "**100.00 %** of 2 new lines (at least 95 %), **none** of 0 new branches (at least 90 %)."
    )


def test_says_that_no_measured_code_is_new(tmp_path: Path) -> None:
    sample = MeasuredProject.build(tmp_path, RESULTS, COVERAGE, branch="change")
    sample.write("README.md", "edited")

    assert summary(sample.project)["Coverage of new code"] == "No measured code is new."


def test_lists_licences_when_locks_change(sample: SampleProject) -> None:
    sample.write("backend/requirements/dev.txt", lock("fastapi==1.0", "ruff==2.0", "sqlalchemy==2.0"))

    assert (
        "| `ruff` | 1.0 | 2.0 | unknown: this version is not installed here | directly | tests and tools |"
        in (summary(sample.project)["Dependencies"])
    )


def test_names_the_mutation_test_by_its_age(change: SampleProject) -> None:
    change.write("README.md", "edited")
    run = record_run(change.project, make_result(gate="mutants", note="9 of 10 mutants killed"))
    current = summary(change.project)["Mutants"]
    change.write("README.md", "edited again")
    old = summary(change.project)["Mutants"]

    assert current == "passed: 9 of 10 mutants killed"
    assert (
        old == f"Tried at {run.started[:16].replace('T', ' ')}, but files changed since: `./noxw -s mutants`."
    )


@pytest.fixture
def full(change: SampleProject) -> str:
    """A summary whose contract, revisions and tests all changed."""
    contract = ContractChanges(
        added=[Operation("GET /a", "Read a")],
        changed=[Operation("GET /b", "Read b", ["response 404: added"])],
        schemas=[SchemaChange("News", ["field a: added"], ["GET /b"]), SchemaChange("Old", ["removed"], [])],
        reworded=["GET /c"],
        breaks=[
            Break("/paths/~1d/get", "GET /d is gone", "docs/decisions/0002-why.md"),
            Break("/e", "gone", ""),
        ],
    )
    statements = [
        StatementCost(sql="ALTER TABLE a ADD b text", seconds=0.5, held=1.5, locks={"a": "ACCESS EXCLUSIVE"}),
        StatementCost(sql="SELECT '```'", seconds=1, held=1, locks={}),
    ]
    revisions = [
        RevisionCost(file="backend/alembic/versions/a.py", rows={"a": 1_000_000}, statements=statements),
        RevisionCost(file="backend/alembic/versions/b.py", statements=[]),
        RevisionCost(file="backend/alembic/versions/c.py"),
    ]
    tests = [Duration("tests/a.py::test_a", 2.0, 0.5)]
    facts = facts_with(change, contract=contract, revisions=revisions, dependencies=[], tests=tests)
    return "\n".join(lines(facts))


def test_shows_breaks_first_and_changes_in_words(full: str) -> None:
    assert "**2 changes break clients**, 1 of them not declared." in full
    assert full.index("| `/e` | gone | ⚠️ none |") < full.index("| `/paths/~1d/get` | GET /d is gone |")
    assert "- added: `GET /a` Read a\n- changed: `GET /b` Read b: response 404: added" in full
    assert "- schema `News` (used by 1 operations): field a: added\n- schema `Old`: removed" in full
    assert "- documentation only: 1 operations and schemas" in full


def test_shows_sql_locks_and_time_of_each_revision(full: str) -> None:
    assert "takes 1.50 s on `a` with 1,000,000 rows." in full
    assert "| 1 | 0.50 | `a` ACCESS EXCLUSIVE (blocks reads and writes) | 1.50 s |" in full
    assert "| 2 | 1.00 | no further lock on tables that existed |  |" in full
    assert "````sql\n-- 1\nALTER TABLE a ADD b text\n\n-- 2\nSELECT '```'\n````" in full
    assert "takes 0.00 s; it uses no table that exists." in full
    assert "**`c`**\nis not measured: `./noxw -s pr` does so." in full


def test_says_that_no_client_breaks_and_no_revision_is_new(change: SampleProject) -> None:
    contract = ContractChanges(added=[Operation("GET /a", "Read a")])

    found = parts_of(facts_with(change, contract=contract, revisions=[]))

    assert found["Contract"] == "No change breaks clients.\n\n- added: `GET /a` Read a"
    assert found["Revisions"] == "No revision is new."


def test_counts_the_rows_that_a_long_list_omits(change: SampleProject) -> None:
    contract = ContractChanges(removed=[Operation(f"GET /{n}", "Read") for n in range(MAX_ROWS + 2)])
    findings = [replace(VIOLATION, line=n) for n in range(1, MAX_FINDINGS + 2)]
    change.write("README.md", "edited")
    record_run(change.project, make_result(*findings))

    found = parts_of(facts_with(change, contract=contract))

    assert found["Contract"].endswith(f"`GET /{MAX_ROWS - 1}` Read\n\n… and 2 more operations removed.")
    assert found["Verdict"].endswith("\n\n… and 1 more findings: see the page.")


def test_shows_tests_and_unchanged_locks(full: str) -> None:
    assert "| `tests/a.py::test_a` | 2.00 | 0.50 | 1.50 |" in full
    assert "No locked version changes." in full


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run `./noxw` now", "run `./noxw` now"),
        ("a`b", "a&#96;b"),
        ("``", "&#96;&#96;"),
        ("<b>*x*|snake_case _it_\n@me", "&#60;b&#62;&#42;x&#42;&#124;snake_case &#95;it&#95; &#64;me"),
        ("https://a.example www.b.example", "https&#58;//a.example &#119;ww.b.example"),
        ("\x1b[2J", r"&#92;x1b&#91;2J"),
    ],
)
def test_shows_text_as_text(text: str, shown: str) -> None:
    assert prose(text) == shown


@pytest.mark.parametrize(("text", "shown"), [("a|b", r"`a\|b`"), ("a`b", "a&#96;b"), ("", "")])
def test_shows_code_as_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_prints_writes_and_appends_the_summary_in_a_workflow(
    change: SampleProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(change.root / "reports/summary.md"))
    change.write("reports/.keep")

    summarize_change(change.project, run=False, rows=10)

    printed = capsys.readouterr().out
    assert printed.startswith("## ⏳ Not every gate has run on these files\n")
    assert (change.root / "reports/pull-request.md").read_text() == printed.removesuffix("\n")
    assert (change.root / "reports/summary.md").read_text() == printed.removesuffix("\n")
    assert (change.root / "reports/index.html").exists()


def test_runs_the_sessions_without_a_current_result_when_asked(
    change: SampleProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []

    def follow(project: Project, session: str) -> int:
        started.append(session)
        record_run(project, make_result(), SECRETS)
        sys.stdout.write("progress")
        return 0

    monkeypatch.setattr(command, "follow_session", follow)

    summarize_change(change.project, run=True, rows=10)
    run_missing(Project(root=change.root))

    printed = capsys.readouterr()
    assert started == ["lint"]
    assert printed.out.startswith("## ✅ The change may be merged\n")
    assert "progress" in printed.err


@pytest.mark.parametrize("word", ["pr", "page"])
def test_is_a_command_of_the_gates(
    word: str, change: SampleProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gates.__main__.ROOT", change.root)

    assert main([word]) == 0
    assert (change.root / "reports/index.html").exists()
    assert capsys.readouterr().out.startswith("## " if word == "pr" else "")
