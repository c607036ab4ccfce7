"""What memory selects for an edit, compared with what it selects once the edit is made."""

from pathlib import Path

import pytest

from gates.soundness.measurement import remember
from gates.soundness.memory import Memory
from gates.testing.result_cache.runs import CachedRun
from tests.gates.soundness.sample import CODE, FOUND, SHOP
from tests.gates.support.sample_project import SampleProject

EDITS = {
    "a constant": CODE.replace("RATE = 3", "RATE = 4"),
    "the body of a function": CODE.replace("amount * RATE", "amount // RATE"),
    "a function that no test runs": CODE.replace("amount + 7", "amount + 8"),
    "nothing": CODE,
}


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    found = SampleProject.build(tmp_path, FOUND)
    return found.append("backend/tests/test_shop.py", "\n\ndef test_reads():\n    assert open(__file__)\n")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The folder of the results of all tests."""
    return tmp_path.with_name(f"{tmp_path.name}-results")


@pytest.fixture
def memory(sample: SampleProject, results: Path) -> Memory:
    return remember(sample.project, results, ["tests"], lambda _: None)


@pytest.mark.parametrize("edit", EDITS)
def test_selects_what_has_to_run_after_the_edit(
    sample: SampleProject, results: Path, memory: Memory, edit: str
) -> None:
    expected = memory.selected(SHOP, EDITS[edit])

    sample.write(SHOP, EDITS[edit])

    selected = CachedRun.of(sample.project, results).select().arguments
    assert {test for test in memory.held if "::" in test and _is_named(test, selected)} == expected


def _is_named(test: str, arguments: list[str]) -> bool:
    return test in arguments or test.partition("::")[0] in arguments


def test_selects_the_tests_of_a_changed_function(memory: Memory) -> None:
    assert memory.selected(SHOP, EDITS["the body of a function"]) == {"tests/test_shop.py::test_price"}


def test_always_selects_tests_without_a_result(memory: Memory) -> None:
    unknown = Memory(memory.dependencies, {}, frozenset({"tests/test_shop.py"}))

    assert unknown.selected(SHOP, CODE) == {"tests/test_shop.py"}


def test_keeps_the_seconds_of_tests(memory: Memory) -> None:
    assert memory.seconds("tests/test_shop.py::test_price") > 0
    assert memory.seconds("tests/test_shop.py::test_unknown") == 0
