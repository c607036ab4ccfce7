"""Whole measurements of a small project."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gates.model import Project
from gates.soundness import __main__ as command
from gates.soundness.__main__ import parser
from gates.soundness.judgement import Judgement
from gates.soundness.measurement import measure
from gates.soundness.report import REPORT_FILE, Settings, table, write_report
from tests.gates.soundness.sample import ESCAPING, FOUND
from tests.gates.support.sample_project import Part, SampleProject

SETTINGS = Settings(mutants=99, seed=1, paths=[], tests=[])


def measured(project: Project, settings: Settings = SETTINGS) -> tuple[Judgement, int]:
    return measure(project, settings, lambda _: None)


def outcomes(judgement: Judgement) -> dict[str, str]:
    return {
        comparison.sampled.mutant.diff.splitlines()[-1].strip("+ "): comparison.outcome
        for comparison in judgement.comparisons
    }


def test_finds_no_escape_when_memory_sees_all_dependencies(tmp_path: Path) -> None:
    project = SampleProject.build(tmp_path, FOUND).project

    judgement, total = measured(project)

    assert total == 3
    assert outcomes(judgement) == {
        "RATE = 4": "killed",
        "return amount // RATE": "killed",
        "return amount - 1": "survived",
        "return amount + 2": "survived",
        "return amount - 7": "survived",
        "return amount + 8": "survived",
        "return 6": "survived",
    } | {"return None": outcomes(judgement)["return None"]}
    assert judgement.unexplained == []


def test_finds_the_escape_when_memory_misses_a_dependency(tmp_path: Path) -> None:
    project = SampleProject.build(tmp_path, FOUND, ESCAPING).project

    judgement, _ = measured(project)

    escaped = [comparison for comparison in judgement.comparisons if comparison.outcome == "escaped"]
    assert {comparison.sampled.mutant.line for comparison in escaped} == {9}
    assert {comparison.test for comparison in escaped} == {"tests/test_unseen.py::test_unseen"}
    assert "is killed by tests/test_unseen.py::test_unseen, which is not selected:\n-" in table(judgement)


@pytest.mark.parametrize(
    ("arguments", "parts", "code", "text"),
    [
        (["--mutants", "2"], [FOUND], 0, "| all | 2 |"),
        (["--path", "app/shop.py"], [FOUND, ESCAPING], 1, "which is not selected"),
        (["--path", "none/*"], [FOUND], 2, "soundness: No measured file matches none/*"),
    ],
)
def test_ends_with_the_code_of_the_result(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    arguments: list[str],
    parts: list[Part],
    code: int,
    text: str,
) -> None:
    monkeypatch.setattr(command, "ROOT", SampleProject.build(tmp_path, *parts).root)

    assert command.main(arguments) == code
    printed = capsys.readouterr()
    assert text in printed.out + printed.err


def test_writes_the_figures(tmp_path: Path) -> None:
    project = SampleProject.build(tmp_path, FOUND).project
    settings = Settings(mutants=2, seed=3, paths=["app/*"], tests=["tests"])
    judgement, total = measured(project, settings)

    write_report(project, settings, judgement, total)

    written = json.loads((project.reports / REPORT_FILE).read_text())
    assert written["settings"] == {"mutants": 2, "seed": 3, "paths": ["app/*"], "tests": ["tests"]}
    assert sum(written["outcomes"].values()) == len(written["mutants"]) == 2
    assert written["tests"] == 3
    assert "| app/shop.py | 2 | " in table(judgement)


def test_leaves_the_checkout_as_it_was(tmp_path: Path) -> None:
    sample = SampleProject.build(tmp_path, FOUND)

    measured(sample.project, Settings(mutants=3, seed=1, paths=[], tests=[]))

    assert sample.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], Settings(mutants=400, seed=1, paths=[], tests=[])),
        (["--daily"], Settings(mutants=400, seed=datetime.now(UTC).toordinal(), paths=[], tests=[])),
        (["--mutants", "9", "--seed", "2"], Settings(mutants=9, seed=2, paths=[], tests=[])),
        (
            ["--path", "a/*", "--path", "b", "--tests", "tests/unit"],
            Settings(400, 1, ["a/*", "b"], ["tests/unit"]),
        ),
    ],
)
def test_takes_the_arguments(arguments: list[str], expected: Settings) -> None:
    assert Settings(**vars(parser().parse_args(arguments))) == expected
