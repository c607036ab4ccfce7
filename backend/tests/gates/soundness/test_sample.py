"""The sample of mutants."""

import ast
from pathlib import Path

import pytest

from gates.model import GateError, Project
from gates.repo.python import parse_source
from gates.soundness.sample import sample
from tests.gates.soundness.sample import CODE, FOUND, SHOP
from tests.gates.support.sample_project import SampleProject


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return SampleProject.build(tmp_path, FOUND).project


def test_returns_the_same_mutants_when_the_seed_is_the_same(project: Project) -> None:
    found = [[mutant.name for mutant in sample(project, 4, seed, [])] for seed in (1, 1, 2)]

    assert found[0] == found[1] != found[2]
    assert len({*found[0]}) == 4


def test_returns_all_mutants_when_there_are_fewer(project: Project) -> None:
    found = sample(project, 99, 1, ["app/*"])

    assert {mutant.file for mutant in found} == {SHOP}
    assert [mutant.mutant.number for mutant in found] == [*range(len(found))]


def test_has_the_source_with_each_mutant(project: Project) -> None:
    sources = {mutant.source for mutant in sample(project, 99, 1, [])}

    assert CODE.replace("RATE = 3", "RATE = 4") in sources
    assert CODE.replace("return amount * RATE", "return None") in sources
    assert {type(parse_source(source)) for source in sources} == {ast.Module}


def test_leaves_out_mutants_whose_text_means_something_else(tmp_path: Path) -> None:
    sample_project = SampleProject.build(tmp_path, FOUND).write(SHOP, "A = 1 if (2\n    < 3) else f'{4}'\n")

    found = sample(sample_project.project, 99, 1, [])

    assert {type(parse_source(mutant.source)) for mutant in found} == {ast.Module}


def test_leaves_out_the_code_that_all_tests_depend_on(tmp_path: Path) -> None:
    found = SampleProject.build(tmp_path, FOUND).rule('measured = ["app"]', 'measured = ["app", "gates"]')
    for folder in ("mutation", "soundness", "coverage/probes", "testing/result_cache", "lint"):
        found.write(f"backend/gates/{folder}/code.py", CODE)

    files = {mutant.file for mutant in sample(found.project, 99, 1, ["gates/*"])}

    assert files == {"backend/gates/lint/code.py"}


def test_refuses_a_pattern_when_no_file_matches(project: Project) -> None:
    with pytest.raises(GateError, match=r"No measured file matches app/none/\*"):
        sample(project, 4, 1, ["app/none/*"])
