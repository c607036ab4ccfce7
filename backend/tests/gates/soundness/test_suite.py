"""Runs of the tests with mutants in a copy of a small project."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gates.soundness.judgement import _is_selected
from gates.soundness.sample import SampledMutant, sample
from gates.soundness.suite import BREAKDOWN, Suite, copied_suite
from tests.gates.soundness.sample import FOUND, SHOP
from tests.gates.support.sample_project import SampleProject

CONFTEST = "from app.shop import RATE\n\nassert RATE == 3\n"
PRICE, LABEL = "tests/test_shop.py::test_price", "tests/test_shop.py::test_label"


@pytest.fixture
def found(tmp_path: Path) -> SampleProject:
    return SampleProject.build(tmp_path, FOUND).write("backend/tests/conftest.py", CONFTEST)


@pytest.fixture
def suite(found: SampleProject) -> Iterator[Suite]:
    with copied_suite(found.project, ["tests"], [SHOP]) as copied:
        yield copied


def mutant(found: SampleProject, line: str) -> SampledMutant:
    """Return the mutant whose changed line contains these words."""
    mutants = sample(found.project, 99, 1, [])
    return next(sampled for sampled in mutants if line in sampled.mutant.diff.splitlines()[-1])


def test_runs_what_is_named_or_everything(found: SampleProject, suite: Suite) -> None:
    broken = [mutant(found, "amount // RATE")]

    assert suite.failing([]) == set()
    assert suite.failing(broken) == {PRICE}
    assert suite.failing(broken, {LABEL}) == set()
    assert suite.failing([], {PRICE}) == set()


def test_stands_for_all_tests_when_pytest_breaks_down(found: SampleProject, suite: Suite) -> None:
    broken = [mutant(found, "RATE = 4")]

    assert suite.failing(broken) == {BREAKDOWN}
    assert suite.failing(broken, {BREAKDOWN}) == {BREAKDOWN}
    assert suite.failing([], {BREAKDOWN}) == set()


@pytest.mark.parametrize(
    ("test", "selected", "expected"),
    [
        (PRICE, {PRICE}, True),
        (PRICE, {LABEL}, False),
        (PRICE, {"tests/test_shop.py"}, True),
        ("tests/test_shop.py", {LABEL}, True),
        ("tests/test_other.py", {LABEL}, False),
        (BREAKDOWN, {LABEL}, True),
        (BREAKDOWN, set(), False),
    ],
)
def test_knows_whether_a_failed_test_is_selected(test: str, selected: set[str], *, expected: bool) -> None:
    assert _is_selected(test, selected) == expected
