from pathlib import Path

import pytest

from gates.testing.affected import affected_tests, check
from gates.testing.result_cache.store import FOLDER_VARIABLE
from gates.testing.runs import check_tests
from tests.gates.support.parts.coverage import SETTINGS, TABLES
from tests.gates.support.sample_project import Part, SampleProject

FILES = {
    ".gitignore": "/reports/\n__pycache__/\n.pytest_cache/\n",
    "backend/pyproject.toml": SETTINGS,
    "backend/app/__init__.py": "",
    "backend/app/prices.py": "def double(price):\n    return price * 2\n",
    "backend/app/shop.py": "def greet():\n    from app.prices import double\n\n    return double(1)\n",
    "backend/app/engine.py": "def engine():\n    return 'engine'\n",
    "backend/tests/__init__.py": "",
    "backend/tests/conftest.py": (
        "import pytest\n\nfrom app import engine as module\n\n\n"
        "@pytest.fixture\ndef engine():\n    return module.engine()\n"
    ),
    "backend/tests/test_prices.py": (
        "from app.prices import double\n\n\ndef test_double():\n    assert double(1) == 2\n"
    ),
    "backend/tests/test_shop.py": (
        "from app import shop\n\n\ndef test_greet():\n    assert shop.greet() == 2\n"
    ),
    "backend/tests/test_engine.py": "def test_engine(engine):\n    assert engine == 'engine'\n",
    "backend/tests/unit/__init__.py": "",
    "backend/tests/unit/test_nothing.py": "def test_nothing():\n    assert True\n",
}


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    return SampleProject.build(tmp_path, Part(FILES, TABLES), branch="change")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"backend/tests/test_shop.py"}, {"tests/test_shop.py"}),
        ({"backend/app/shop.py"}, {"tests/test_shop.py"}),
        ({"backend/app/prices.py"}, {"tests/test_prices.py", "tests/test_shop.py"}),
        ({"backend/app/engine.py"}, {"tests/test_engine.py"}),
        ({"backend/app/deleted.py", "backend/README.md"}, set()),
        (
            {"backend/tests/conftest.py"},
            {
                "tests/test_engine.py",
                "tests/test_prices.py",
                "tests/test_shop.py",
                "tests/unit/test_nothing.py",
            },
        ),
    ],
    ids=["test", "module", "module that a module imports", "fixture's module", "no module", "conftest"],
)
def test_selects_tests_when_this_changed(
    sample: SampleProject, changed: set[str], expected: set[str]
) -> None:
    assert set(affected_tests(sample.project, changed)) == expected


def test_selects_no_test_when_only_a_fixture_s_name_is_equal(sample: SampleProject) -> None:
    sample.write(
        "backend/tests/test_own.py", "import pytest\nfrom app import shop\n@pytest.fixture\ndef own(): ...\n"
    )
    sample.write("backend/tests/test_other.py", "def test_other(own): ...\n")

    assert "tests/test_other.py" not in affected_tests(sample.project, {"backend/app/shop.py"})


def test_selects_no_test_when_it_is_no_fixture_that_is_named(sample: SampleProject) -> None:
    sample.write(
        "backend/tests/support.py",
        "from functools import cache\nfrom app import shop\n@cache\ndef greeting(): ...\n",
    )
    sample.write("backend/tests/test_other.py", "def test_other(greeting): ...\n")

    assert "tests/test_other.py" not in affected_tests(sample.project, {"backend/app/shop.py"})


def test_refuses_when_an_affected_test_fails(sample: SampleProject) -> None:
    sample.replace("backend/app/prices.py", "* 2", "* 3")

    outcome = check(sample.project)

    assert {finding.file for finding in outcome.findings} == {
        "backend/tests/test_prices.py",
        "backend/tests/test_shop.py",
    }
    assert outcome.note == "2 tests of tests/test_prices.py, tests/test_shop.py"


@pytest.mark.parametrize("name", ["backend/app/engine.toml", "backend/app/added.py"])
def test_runs_the_unit_tests_when_imports_do_not_tell(sample: SampleProject, name: str) -> None:
    sample.write(name, "")

    outcome = check(sample.project)

    assert (outcome.status, outcome.note) == ("passed", "1 tests of tests/unit")


def test_is_skipped_when_the_change_is_outside_the_backend(sample: SampleProject) -> None:
    sample.write("README.md", "text\n")

    assert check(sample.project).skipped.startswith("nothing changed below backend/ since main (")


@pytest.fixture
def remembered(sample: SampleProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleProject:
    """The sample project after a run of all tests whose results are kept."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    assert check_tests(sample.project).status == "passed"
    return sample


def test_runs_what_imports_the_edit_when_no_result_is_kept_yet(
    sample: SampleProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    sample.replace("backend/app/prices.py", "price * 2", "2 * price")

    assert check(sample.project).note == "2 tests of tests/test_prices.py, tests/test_shop.py"


def test_runs_what_executed_the_edit_when_results_are_kept(remembered: SampleProject) -> None:
    remembered.replace("backend/app/prices.py", "price * 2", "2 * price")

    assert check(remembered.project).note == "4 tests: 2 run, 2 unchanged since they passed (0 min ago)"
    assert check(remembered.project).note == "4 tests: 0 run, 4 unchanged since they passed (0 min ago)"


def test_stops_at_the_nearest_failure_when_results_are_kept(remembered: SampleProject) -> None:
    remembered.replace("backend/app/prices.py", "price * 2", "price * 3")

    [finding] = check(remembered.project).findings

    assert finding.file == "backend/tests/test_prices.py"


def test_runs_a_new_test_first_when_results_are_kept(remembered: SampleProject) -> None:
    remembered.replace("backend/app/prices.py", "price * 2", "price * 3")
    remembered.write("backend/tests/test_zero.py", "def test_zero():\n    assert 0\n")

    [finding] = check(remembered.project).findings

    assert finding.file == "backend/tests/test_zero.py"
