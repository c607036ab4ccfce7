import os
import time

import pytest

from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.selection import MAX_TESTS_IN_ONE_PROCESS, Selection, context_of
from gates.testing.result_cache.store import Result
from tests.gates.testing.result_cache.sample import recorded_sample

PATH = os.pathsep.join(["/usr/local/bin", "/usr/bin"])


def context(**variables: str) -> str:
    """Return the context of the sample's tests with these variables."""
    return context_of(Dependencies(recorded_sample()[0].project), {"PATH": PATH} | variables)


def test_has_the_same_context_in_a_hook_of_git() -> None:
    in_hook = context(PATH=os.pathsep.join(["/usr/lib/git-core", PATH]), GIT_EXEC_PATH="/usr/lib/git-core")

    assert in_hook == context()


@pytest.mark.parametrize("name", ["PATH", "TZ", "PAU2_ENVIRONMENT", "DATABASE_URL", "PAU2_EXAMPLES"])
def test_has_another_context_when_a_variable_differs(name: str) -> None:
    assert context(**{name: "/other"}) != context()


@pytest.mark.parametrize(("minutes", "ago"), [(0, "0 min ago"), (59, "59 min ago"), (150, "2 h ago")])
def test_says_when_the_oldest_result_passed(minutes: int, ago: str) -> None:
    names = ("a.py", "a.py::test_a", "a.py::test_b")
    times = (0.0, time.time() - 60 * minutes, time.time())
    held = {
        name: Result(test=name, shares=frozenset(), passed_at=at)
        for name, at in zip(names, times, strict=True)
    }

    said = Selection(held, ["b.py"]).describe("3 tests")

    assert said == f"5 tests: 3 run, 2 unchanged since they passed ({ago})"


@pytest.mark.parametrize(
    ("arguments", "is_large"),
    [
        (["a.py::test_a"], False),
        (["a.py::test_a"] * MAX_TESTS_IN_ONE_PROCESS, False),
        (["a.py"], True),
        (["a.py::test_a"] * (MAX_TESTS_IN_ONE_PROCESS + 1), True),
    ],
)
def test_starts_several_processes_only_for_many_tests(arguments: list[str], is_large: bool) -> None:
    assert Selection({}, arguments).is_large == is_large
