from pathlib import Path
from typing import Any

import pytest

from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.records import Record
from tests.gates.testing.result_cache.sample import recorded_sample

NOTHING: dict[str, Any] = {"hits": {}, "units": [], "modules": [], "uses": [], "children": {}}
FOLDER = Path("/no-such-folder")
FILE = "tests/test_constant.py"
TEST = f"{FILE}::test_it"


def results_of(*, passed: bool = True, **observed: Any) -> list[str]:
    """Return the tests with results after a run of one test that observed something."""
    result = {"name": "test_it", "passed": passed, "seconds": 1.0, "observed": NOTHING | observed}
    return names_of_results(tests={TEST: result})


def names_of_results(**content: Any) -> list[str]:
    """Return the tests and files with results after a run that observed something."""
    whole = {"tests": {}, "kept": {}, "outside": NOTHING, "collected": {}} | content
    record = Record(Dependencies(recorded_sample()[0].project), whole, FOLDER)
    return [found.test for found in record.results()]


def test_has_a_result_when_all_that_it_depends_on_is_known() -> None:
    assert results_of(hits={"backend/app/constant.py": [0]}, units=["folder docs"]) == [TEST]


@pytest.mark.parametrize(
    "observed",
    [
        {"passed": False},
        {"hits": {"backend/app/constant.py": [99]}},
        {"hits": {"backend/app/no_such_file.py": [0]}},
        {"units": ["tree checkout"]},
        {"units": ["code backend/app/constant.py::no_such_function"]},
        {"children": {"1.2": ["tree checkout"]}},
    ],
    ids=["failed", "probe", "file", "git", "function", "child"],
)
def test_has_no_result_when_something_is_not_known(observed: dict[str, Any]) -> None:
    assert results_of(**observed) == []


@pytest.mark.parametrize(("probe", "results"), [(0, [TEST, FILE]), (99, [])], ids=["known", "unknown"])
def test_has_results_when_it_is_known_what_ran_on_import(probe: int, results: list[str]) -> None:
    result = {"name": "test_it", "passed": True, "seconds": 1.0, "observed": NOTHING}
    imported = NOTHING | {"hits": {"backend/app/constant.py": [probe]}}

    found = names_of_results(
        tests={TEST: result}, kept={"import app.constant": imported}, collected={FILE: [TEST]}
    )

    assert found == results
