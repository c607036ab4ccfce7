"""Every test that is written runs, in a full run of the tests."""

import ast
from pathlib import Path

import pytest

from gates.model import Project
from gates.repo.collected_tests import iter_tests
from gates.testing import runs
from tests.gates.support.parts.coverage import COVERAGE, TEST, MeasuredProject
from tests.gates.support.sample_project import RULE_BOOK

SKIPPED, CONFTEST = "backend/tests/test_skipped.py", "backend/tests/conftest.py"
SKIPS = """import pytest

mark = getattr(pytest, "mark")


@mark.skip
def test_marked(): ...


def test_that_gives_up():
    pytest.importorskip("no_such_module")


@mark.xfail(run=False)
def test_expected_to_fail(): ...


@mark.parametrize("a", [])
def test_without_parameters(a): ...


@mark.parametrize("a", [1, pytest.param(2, marks=mark.skip)])
def test_with_one_parameter_of_two(a): ...


class TestSwitchedOff:
    __test__ = False

    def test_in_a_class(self): ...


def test_runs(): ...
"""


@pytest.fixture
def sample(tmp_path: Path) -> MeasuredProject:
    return MeasuredProject.build(tmp_path, COVERAGE, branch="change")


def left_out(sample: MeasuredProject) -> list[tuple[str, str]]:
    findings = runs.check_tests(sample.project).findings
    assert all("did not run" in finding.message and finding.line for finding in findings)
    return [(finding.file, finding.message.split()[0]) for finding in findings]


def test_refuses_run_when_tests_are_skipped_behind_a_name(sample: MeasuredProject) -> None:
    sample.write(SKIPPED, SKIPS)

    assert left_out(sample) == [
        (SKIPPED, "test_marked"),
        (SKIPPED, "test_that_gives_up"),
        (SKIPPED, "test_expected_to_fail"),
        (SKIPPED, "test_without_parameters"),
        (SKIPPED, "test_with_one_parameter_of_two"),
        (SKIPPED, "test_in_a_class"),
    ]
    assert not (sample.root / "reports/coverage/stamp.json").exists()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (CONFTEST, "", "collect_ignore = ['test_shop.py']\n"),
        (CONFTEST, "", "def pytest_configure(config):\n    config.option.keyword = 'half'\n"),
        ("backend/pyproject.toml", 'addopts = ["', 'addopts = ["--deselect=tests/test_shop.py", "'),
    ],
)
def test_refuses_run_when_tests_are_deselected(
    sample: MeasuredProject, file: str, old: str, new: str
) -> None:
    sample.write(CONFTEST).replace(file, old, new)

    assert left_out(sample) == [(TEST, "test_greets")]


def test_passes_when_variables_choose_tests(sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")

    assert runs.check_tests(sample.project).note == "2 tests"


def test_passes_when_the_skip_is_declared(sample: MeasuredProject) -> None:
    sample.write(SKIPPED, SKIPS)
    entry = '[[exclusions]]\nkind = "tests"\npath = "tests/test_skipped.py"\nrules = ["skip"]\nreason = "x"\n'
    sample.replace(RULE_BOOK, "[rules]", f"{entry}[rules]")

    assert left_out(sample) == []


def test_passes_when_a_person_chooses_tests(sample: MeasuredProject) -> None:
    chosen = Project(root=sample.root, arguments=["-k", "half"])

    assert runs.check_tests(chosen).note == "1 tests"


def test_counts_cases_when_parameters_are_literal() -> None:
    source = """
@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("a", [1, 2, 3])
@pytest.mark.parametrize("b", argvalues=(1, 2))
def test_six(a, b): ...
class TestMore:
    @pytest.mark.parametrize("a", VALUES)
    async def test_one(self, a): ...
def helper(): ...
"""

    assert [*iter_tests(ast.parse(source))] == [("test_six", 5, 6), ("test_one", 8, 1)]
