import json
import os
from pathlib import Path

import pytest

from gates.coverage.data import changed_since_tests, load_current
from gates.coverage.thresholds import check_global
from gates.model import GateError, Project
from gates.testing import runs
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from gates.testing.result_cache.store import FOLDER_VARIABLE
from gates.testing.runs import check_unit_tests
from tests.gates.support.parts.coverage import COVERAGE, SHOP, TEST, MeasuredProject


@pytest.fixture
def sample(tmp_path: Path) -> MeasuredProject:
    return MeasuredProject.build(tmp_path, COVERAGE, branch="change")


def test_leaves_exact_counts_when_all_tests_pass(sample: MeasuredProject) -> None:
    outcome = runs.check_tests(sample.project)

    assert (outcome.status, outcome.note) == ("passed", "2 tests")
    assert load_current(sample.project)[SHOP].lines.total == 2
    assert len(list((sample.root / "reports/trend").iterdir())) == 1


def test_leaves_no_data_when_a_test_fails(sample: MeasuredProject) -> None:
    sample.measure().replace(TEST, "== 'hello'", "== 'bye'")

    outcome = runs.check_tests(sample.project)

    assert [(finding.file, finding.line) for finding in outcome.findings] == [(TEST, 6)]
    assert outcome.findings[0].message.startswith("test_greets: AssertionError")
    assert outcome.findings[0].fix == "./noxw -s tests -- tests/test_shop.py::test_greets"
    with pytest.raises(GateError, match="no coverage data"):
        load_current(sample.project)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_names_the_node_and_the_line_when_tests_fail(sample: MeasuredProject, workers: str) -> None:
    """Findings of tests in classes, with parameters and from another module, and of a module that cannot
    be imported.
    """
    sample.write(
        "backend/tests/shared.py",
        "def check(value):\n    assert value == 'bye'\n\n\ndef test_lent():\n    check(1)\n",
    )
    sample.write(
        "backend/tests/test_more.py",
        "import pytest\nfrom tests.shared import check, test_lent\n\n\nclass TestMore:\n"
        "    @pytest.mark.parametrize('value', ['a b::c.d'])\n"
        "    def test_more(self, value):\n        check(value)\n",
    )
    sample.write("backend/tests/test_broken.py", "import nowhere_to_be_found\n")

    outcome = runs.check_tests(
        Project(root=sample.root, arguments=["-n", workers, "--continue-on-collection-errors"])
    )

    found = {finding.fix.removeprefix("./noxw -s tests -- "): finding for finding in outcome.findings}
    assert {fix: (finding.file, finding.line) for fix, finding in found.items()} == {
        "'tests/test_more.py::TestMore::test_more[a b::c.d]'": ("backend/tests/test_more.py", 8),
        "tests/test_more.py::test_lent": ("backend/tests/shared.py", 2),
        "tests/test_broken.py": ("backend/tests/test_broken.py", 1),
    }
    [elsewhere] = [finding for finding in outcome.findings if finding.file.endswith("test_more.py")]
    assert elsewhere.message.endswith("at backend/tests/shared.py:2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-k", "nwes and more"], "no test is selected by -k 'nwes and more', so nothing was tested"),
        (["tests/nowhere.py"], "pytest does not take tests/nowhere.py, so nothing was tested"),
        (
            ["tests/test_shop.py::test_x"],
            "pytest does not take tests/test_shop.py::test_x, so nothing was tested",
        ),
        (["--no-such-option"], "pytest does not take --no-such-option, so nothing was tested"),
    ],
)
def test_says_what_selects_nothing_when_arguments_are_mistyped(
    sample: MeasuredProject, arguments: list[str], message: str
) -> None:
    [finding] = runs.check_tests(Project(root=sample.root, arguments=arguments)).findings

    assert finding.message.startswith(message)
    assert finding.fix.startswith("correct what follows `--`")


def test_leaves_old_data_when_a_file_changes_during_the_tests(sample: MeasuredProject) -> None:
    edit = "from pathlib import Path\n\n\ndef test_edits():\n    Path('app/shop.py').write_text('a = 1\\n')\n"
    sample.write("backend/tests/test_zz_edits.py", edit)

    runs.check_tests(sample.project)

    with pytest.raises(GateError, match=f"old: {SHOP} changed since the tests ran"):
        load_current(sample.project)


def test_counts_nothing_that_a_killed_run_left(sample: MeasuredProject) -> None:
    """Coverage would add any data file that lies beside its own."""
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()
    folder = sample.root / "reports/coverage"
    (folder / ".coverage").rename(folder / ".coverage.host.1.x")
    sample.remove("backend/tests/test_extra.py")

    runs.check_tests(sample.project)

    assert load_current(sample.project)[SHOP].missing_lines == {6}


def test_keeps_the_data_when_only_some_tests_run(sample: MeasuredProject) -> None:
    sample.measure()

    outcome = runs.check_tests(Project(root=sample.root, arguments=["tests/test_shop.py"]))

    assert outcome.note == "1 tests"
    assert check_global(sample.project).checked


def test_remembers_no_counts_when_the_tree_has_edits(sample: MeasuredProject) -> None:
    sample.write("backend/app/added.py", "a = 1\n")

    runs.check_tests(sample.project)

    assert not (sample.root / "reports/trend").exists()


def test_refuses_unit_tests_when_there_are_none(sample: MeasuredProject) -> None:
    (sample.root / "backend/tests/unit").mkdir()

    assert check_unit_tests(sample.project).status == "failed"


def test_cannot_judge_when_pytest_breaks_down(sample: MeasuredProject) -> None:
    sample.replace(
        "backend/pyproject.toml", "[tool.pytest.ini_options]", "[tool.pytest.ini_options]\nminversion = '99'"
    )

    with pytest.raises(GateError, match="pytest broke down before it wrote its report"):
        runs.check_tests(sample.project)


def test_ignores_measurements_around_it_when_variables_name_them(
    sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COVERAGE_FILE", str(tmp_path / "elsewhere"))

    assert runs.check_tests(sample.project).status == "passed"
    assert json.loads((sample.root / "reports/coverage/coverage.json").read_text())["files"]


def test_cannot_judge_when_pytest_fails_although_no_test_does(sample: MeasuredProject) -> None:
    """A plugin may refuse the run, as one that wants a share of coverage does."""
    sample.write("backend/conftest.py", "def pytest_sessionfinish(session):\n    session.exitstatus = 1\n")

    with pytest.raises(GateError, match="pytest ended with exit code 1 although no test failed"):
        runs.check_tests(sample.project)


UNIT_TEST = "backend/tests/unit/test_prices.py"


@pytest.fixture
def sample_with_unit_test(sample: MeasuredProject) -> MeasuredProject:
    """A sample project with a unit test, in which all tests have passed on a branch without edits."""
    sample.write(UNIT_TEST, "def test_two():\n    assert 1 + 1 == 2\n").write(
        "backend/tests/unit/__init__.py"
    )
    return sample.commit().measure()


def test_runs_no_unit_tests_when_all_tests_passed_on_these_files(
    sample_with_unit_test: MeasuredProject,
) -> None:
    assert check_unit_tests(sample_with_unit_test.project).skipped == "nothing changed since all tests passed"


def test_runs_the_unit_tests_when_no_measured_code_changed(sample_with_unit_test: MeasuredProject) -> None:
    sample_with_unit_test.append(UNIT_TEST, "\n\ndef test_four():\n    assert 2 + 2 == 4\n")

    assert check_unit_tests(sample_with_unit_test.project).note == "2 tests"


def test_runs_what_depends_on_the_edit_when_results_are_kept(
    sample: MeasuredProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coverage is that of all tests, on lines that moved."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    assert runs.check_tests(sample.project).note == "2 tests"
    sample.replace(SHOP, "def greet():", "# Moved.\n\n\ndef greet():")
    sample.replace("backend/app/legacy.py", "a += 1", "a = a + 1")

    outcome = runs.check_tests(sample.project)

    assert outcome.note == "2 tests: 1 run, 1 unchanged since they passed (0 min ago)"
    measured = load_current(sample.project)
    assert runs.check_tests(Project(root=sample.root, arguments=[runs.WHOLE])).note == "2 tests"
    assert load_current(sample.project) == measured


def test_runs_nothing_when_nothing_changed(
    sample: MeasuredProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    runs.check_tests(sample.project)
    measured = load_current(sample.project)

    report = sample.root / "reports/coverage/coverage.json"
    written = report.stat().st_mtime_ns

    outcome = runs.check_tests(sample.project)

    assert outcome.note == "2 tests: 0 run, 2 unchanged since they passed (0 min ago)"
    assert report.stat().st_mtime_ns == written
    report.unlink()
    assert runs.check_tests(sample.project).note == outcome.note
    assert load_current(sample.project) == measured


def test_runs_a_test_again_when_it_failed(
    sample: MeasuredProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    sample.replace(TEST, "== 'hello'", "== 'bye'")
    assert runs.check_tests(sample.project).status == "failed"

    outcome = runs.check_tests(sample.project)

    assert outcome.status == "failed"
    assert outcome.note == "2 tests: 1 run, 1 unchanged since they passed (0 min ago)"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which results are kept."""
    folder = tmp_path.with_name(f"{tmp_path.name}-results")
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


@pytest.mark.usefixtures("results")
def test_push_lets_an_edited_comment_pass_when_results_are_kept(sample: MeasuredProject) -> None:
    assert runs.check_tests(sample.project).status == "passed"
    sample.replace(TEST, "def test_greets", "# As in the song.\n\n\ndef test_greets")
    assert changed_since_tests(sample.project) == [TEST]

    assert (
        check_unit_tests(sample.project).note == "2 tests: 0 run, 2 unchanged since they passed (0 min ago)"
    )

    assert changed_since_tests(sample.project) == []


@pytest.mark.usefixtures("results")
def test_push_refuses_when_a_test_that_depends_on_the_edit_fails(sample: MeasuredProject) -> None:
    assert runs.check_tests(sample.project).status == "passed"
    sample.replace(SHOP, "'hello'", "'bye'")

    assert [finding.file for finding in check_unit_tests(sample.project).findings] == [TEST]


@pytest.mark.usefixtures("results")
def test_push_runs_the_unit_tests_when_little_is_remembered(
    sample_with_unit_test: MeasuredProject,
) -> None:
    """Quick may have run a few tests; a push does not run all others."""
    cached = CachedRun.of(sample_with_unit_test.project, Path(os.environ[FOLDER_VARIABLE]))
    selection = Selection({}, ["tests/test_legacy.py"])
    runs.run_pytest(cached.project, [*cached.options(), cached.write_arguments(selection)])
    cached.keep(selection)
    sample_with_unit_test.append(UNIT_TEST, "\n\ndef test_four():\n    assert 2 + 2 == 4\n").commit()
    sample_with_unit_test.git("branch", "--force", "main")

    assert check_unit_tests(sample_with_unit_test.project).note == "2 tests"


@pytest.mark.usefixtures("results")
def test_push_runs_the_unit_tests_when_nothing_is_remembered(sample: MeasuredProject) -> None:
    sample.write(UNIT_TEST, "def test_two():\n    assert 1 + 1 == 2\n")

    assert check_unit_tests(sample.project).note == "1 tests"
