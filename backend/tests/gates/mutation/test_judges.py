"""The tests that judge a mutant, from remembered results and from a run that measures."""

from pathlib import Path

import pytest

from gates.model import Project
from gates.mutation.check import check
from gates.mutation.engine import Candidate
from gates.mutation.judges import Judges, find_judges
from gates.mutation.operators import mutants
from gates.repo.python import parse_source
from gates.testing.runs import check_tests
from tests.gates.mutation.test_check import CODE, FILES, RULES, SHOP, TEST
from tests.gates.support.sample_project import Part, SampleProject

TWO = """from app.shop import RATE, half, price


def test_price():
    assert (price(0), price(2)) == (0, 6)


def test_half():
    assert half(4) == 2


def test_rate():
    assert RATE == 3
"""
HALF = "\n\ndef half(amount):\n    return amount // 2\n"
PRICE_RETURNS, HALF_RETURNS = "-    return paid", "-    return amount // 2"
RATE_CHANGES = "-RATE = 3\n+RATE = 4"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleProject:
    """A project in which three tests passed, and whose results are remembered."""
    monkeypatch.setenv("PAU2_RESULT_CACHE", str(tmp_path.with_name(f"{tmp_path.name}-results")))
    found = SampleProject.build(tmp_path, Part(FILES, RULES), branch="change")
    return found.write(SHOP, CODE + HALF).write(TEST, TWO)


def passed(sample: SampleProject) -> SampleProject:
    assert check_tests(sample.project).status == "passed"
    return sample


def candidates(project: Project, judges: Judges) -> dict[str, Candidate]:
    source = (project.root / SHOP).read_text()
    found = [judges.candidate(project, SHOP, mutant) for mutant in mutants(source, parse_source(source))]
    return {candidate.mutant.diff.partition("\n+")[0]: candidate for candidate in found}


def judging(project: Project, diff: str) -> list[str]:
    _, judges = find_judges(project, [SHOP])
    return [test.rpartition("::")[2] for test in candidates(project, judges)[diff.partition("\n+")[0]].tests]


def test_judges_by_tests_that_run_the_line_when_remembered(sample: SampleProject) -> None:
    project = passed(sample).project

    assert judging(project, PRICE_RETURNS) == ["test_price"]
    assert judging(project, HALF_RETURNS) == ["test_half"]
    assert not (sample.root / "reports/mutants").exists()


def test_judges_by_all_importing_tests_when_it_runs_on_import(sample: SampleProject) -> None:
    assert {*judging(passed(sample).project, RATE_CHANGES)} == {"test_price", "test_half", "test_rate"}


def test_measures_which_tests_run_a_line_when_code_changed_since(sample: SampleProject) -> None:
    passed(sample).replace(TEST, "== 2", "== 2.0")

    assert judging(sample.project, HALF_RETURNS) == ["test_half"]
    assert (sample.root / "reports/mutants/stamp.json").exists()


def test_takes_verdicts_from_memory_when_nothing_changed(sample: SampleProject) -> None:
    project = passed(sample).project
    first = check(project)

    assert "remembered" not in first.note
    assert check(sample.project).note == f"{first.note}; 11 remembered"


def test_leaves_only_new_mutants_to_ci_when_time_is_over(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    check(passed(sample).project)
    sample.append(SHOP, "\n\ndef twice(amount):\n    return amount * 2\n")
    sample.append(TEST, "\n\ndef test_twice():\n    from app.shop import twice\n\n    assert twice(2) == 4\n")
    sample.rule("desk-seconds = 60", "desk-seconds = 0")

    outcome = check(passed(sample).project)

    assert outcome.status == "passed"
    assert outcome.note.endswith(" left to CI")


def test_limits_a_test_by_its_usual_seconds(sample: SampleProject) -> None:
    sample.rule("test-seconds = 3", "test-seconds = 60")
    project = passed(sample).project
    _, judges = find_judges(project, [SHOP])

    limits = candidates(project, judges)[PRICE_RETURNS].tests.values()

    assert [5 <= limit < 60 for limit in limits] == [True]


def test_measures_the_tests_again_only_when_a_file_changes(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAU2_RESULT_CACHE", "off")
    find_judges(sample.project, [SHOP])
    stamp = sample.root / "reports/mutants/stamp.json"
    first = stamp.stat().st_mtime_ns

    find_judges(sample.project, [SHOP])
    assert stamp.stat().st_mtime_ns == first

    sample.replace(TEST, "6)", "6.0)")
    find_judges(sample.project, [SHOP])
    assert stamp.stat().st_mtime_ns != first
