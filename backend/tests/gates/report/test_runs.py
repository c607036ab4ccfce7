"""The record of the last runs, and what they say about the files as they are now."""

import json
from pathlib import Path

import pytest

from gates.model import Finding, Project
from gates.report import runs
from gates.report.base_failures import base_failures
from gates.report.gate_states import Verdict, verdict_of
from gates.report.runs import current_tree, load_runs
from tests.gates.support.parts.results import RESULTS, VIOLATION, make_result, record_run
from tests.gates.support.sample_project import SampleProject

SPELLING = make_result()
SECRETS = make_result(gate="secrets")
MUTANTS = make_result(gate="mutants")


def verdict(project: Project) -> Verdict:
    return verdict_of(project, load_runs(project), current_tree(project))


def states(project: Project) -> dict[str, str]:
    return {
        state.gate: state.status + ("" if state.is_current else ", old" if state.result else "")
        for state in verdict(project).states
    }


def test_names_command_files_and_results_when_a_run_is_recorded(change: SampleProject) -> None:
    record_run(change.project, make_result(VIOLATION), SECRETS, arguments=["-k", "news"])

    (run,) = load_runs(change.project)
    assert run.command == "./noxw -s lint -- -k news"
    assert run.commit == change.git("rev-parse", "--short", "HEAD")
    assert run.tree == current_tree(change.project)
    assert run.failed == [make_result(VIOLATION)]


def test_keeps_the_last_runs_and_the_last_of_each_gate(
    change: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 3)
    for result in (MUTANTS, SECRETS, SPELLING, SPELLING, SPELLING, SPELLING):
        record_run(change.project, result)

    kept = [run.results[0].gate for run in load_runs(change.project)]
    assert kept == ["spelling", "spelling", "spelling", "secrets", "mutants"]


def test_accepts_when_all_required_gates_passed_on_these_files(change: SampleProject) -> None:
    record_run(change.project, SPELLING)
    record_run(change.project, SECRETS)
    change.commit("the same files")

    found = verdict(change.project)
    assert (found.conclusion, found.closing) == ("accepted", "The change may be merged")
    assert found.missing_sessions == []


def test_is_unknown_when_files_changed_since_a_gate_ran(change: SampleProject) -> None:
    record_run(change.project, SPELLING, SECRETS)
    change.write("README.md", "edited")
    record_run(change.project, SPELLING)

    found = verdict(change.project)
    assert states(change.project) == {"spelling": "passed", "secrets": "passed, old"}
    assert (found.conclusion, found.missing_sessions) == ("unknown", ["lint"])
    assert [state.gate for state in found.stale] == ["secrets"]


def test_is_unknown_when_a_gate_has_not_run(change: SampleProject) -> None:
    record_run(change.project, SPELLING)

    assert states(change.project) == {"spelling": "passed", "secrets": "not run"}
    assert [state.gate for state in verdict(change.project).not_run] == ["secrets"]
    assert verdict(change.project).conclusion == "unknown"


def test_refuses_when_a_required_gate_failed_on_these_files(change: SampleProject) -> None:
    record_run(change.project, make_result(VIOLATION))

    assert verdict(change.project).conclusion == "refused"


def test_does_not_refuse_when_a_gate_on_request_failed(change: SampleProject) -> None:
    failed = make_result(Finding(file="", message="survived", fix="assert"), gate="mutants")
    record_run(change.project, SPELLING, SECRETS, failed)

    assert states(change.project)["mutants"] == "failed"
    assert verdict(change.project).conclusion == "accepted"


@pytest.mark.parametrize(("session", "arguments"), [("commit", []), ("lint", ["-k", "news"])])
def test_leaves_out_runs_on_a_part_when_it_judges(
    change: SampleProject, session: str, arguments: list[str]
) -> None:
    record_run(change.project, SPELLING, SECRETS, session=session, arguments=arguments)

    assert states(change.project) == {"spelling": "not run", "secrets": "not run"}


def test_takes_a_gate_s_result_when_another_session_ran_it(change: SampleProject) -> None:
    record_run(change.project, SPELLING, session="quick")

    (spelling, _) = verdict(change.project).states
    assert (spelling.status, spelling.command) == ("passed", "./noxw -s lint")


def test_names_the_gates_that_fail_at_the_base(change: SampleProject) -> None:
    record_run(change.project, make_result(VIOLATION), SECRETS)
    change.write("README.md", "edited")
    record_run(change.project, SPELLING, make_result(VIOLATION, gate="secrets"))

    found = base_failures(change.project, load_runs(change.project))

    assert [result.gate for result in found.failed] == ["spelling"]
    assert found.findings == [VIOLATION]


def test_has_no_tree_when_git_cannot_read_the_files(tmp_path: Path) -> None:
    project = SampleProject.build(tmp_path, RESULTS, repository=False).project
    record_run(project, SPELLING)

    assert [(run.tree, run.commit) for run in load_runs(project)] == [("", "")]


def test_reads_back_what_it_wrote_when_findings_are_many(change: SampleProject) -> None:
    many = make_result(*[Finding(file="a", line=line, message="m", fix="f") for line in range(50)])
    record_run(change.project, many)

    (place,) = (change.root / "reports/runs").iterdir()
    assert len(json.loads(place.read_text())["results"][0]["findings"]) == 50
    assert load_runs(change.project)[0].results == [many]
