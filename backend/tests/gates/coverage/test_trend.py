import shutil
from pathlib import Path

import pytest

from gates.coverage import probes, trend
from gates.coverage.trend import check, store_totals
from gates.model import GateError, Project
from gates.repo.git import merge_base
from gates.testing.result_cache.store import FOLDER_VARIABLE as RESULTS_VARIABLE
from gates.testing.runs import check_tests
from tests.gates.support.parts.coverage import COVERAGE, LEGACY_FILE, SHOP, TEST, MeasuredProject
from tests.gates.support.sample_project import Part, SampleProject

PROBES = Path(probes.__file__).parent
GREET = "def greet():\n    return 'hello'\n"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MeasuredProject:
    monkeypatch.setenv("CI", "true")
    return MeasuredProject.build(tmp_path, COVERAGE, branch="change")


@pytest.fixture
def tested_sample(sample: MeasuredProject) -> MeasuredProject:
    """A sample project that was tested before the change: 9 of 10 lines and 1 of 2 branches are covered."""
    store_totals(sample.measure().project)
    return sample


def test_measures_the_base_once_when_it_is_not_known(sample: MeasuredProject) -> None:
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()

    first, second = check(sample.project), check(sample.project)

    assert first.note.startswith("lines 90.00 % → 91.66 %, branches 50.00 % → 50.00 %; base measured in ")
    assert (first.status, second.status) == ("passed", "passed")
    assert second.note.endswith("base known")
    assert sample.git("worktree", "list").count("\n") == 0


def test_measures_a_base_that_has_the_plugin_in_another_package(sample: MeasuredProject) -> None:
    """The base has an older measuring plugin, and is measured with it."""
    sample.git("checkout", "--quiet", "main")
    sample.write("backend/gates/__init__.py")
    for file in PROBES.glob("*.py"):
        code = file.read_text(encoding="utf-8").replace("gates.coverage.probes", "gates.probes")
        sample.write(f"backend/gates/probes/{file.name}", code)
    sample.commit().git("checkout", "--quiet", "-B", "change")
    sample.git("rm", "--quiet", "-r", "backend/gates")
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()

    outcome = check(sample.project)

    assert outcome.note.startswith("lines 90.00 % → 91.66 %, branches 50.00 % → 50.00 %; base measured in ")


def test_refuses_when_a_change_adds_untested_code(tested_sample: MeasuredProject) -> None:
    tested_sample.add_code("def added(a):\n    if a:\n        a += 1\n    return a\n")
    tested_sample.measure()

    assert [finding.message for finding in check(tested_sample.project).findings] == [
        "the change lowers the coverage of lines from 90.00 % (1 uncovered) to 71.42 % (4 uncovered)",
        "the change lowers the coverage of branches from 50.00 % (1 uncovered) to 25.00 % (3 uncovered)",
    ]


def test_refuses_when_a_change_only_deletes_a_test(tested_sample: MeasuredProject) -> None:
    tested_sample.replace(TEST, "    assert greet() == 'hello'\n", "").measure().commit()

    assert [finding.message for finding in check(tested_sample.project).findings] == [
        "the change lowers the coverage of lines from 90.00 % (1 uncovered) to 80.00 % (2 uncovered)"
    ]


def test_passes_when_a_change_deletes_tested_code(tested_sample: MeasuredProject) -> None:
    """The share drops, but no more lines are uncovered than before."""
    tested_sample.remove(SHOP).write(
        TEST, "from app.domain.prices import double\n\ntest_prices = double(2)\n"
    )
    tested_sample.replace(TEST, "test_prices = ", "assert 4 == ").measure()

    outcome = check(tested_sample.project)

    assert outcome.status == "passed", outcome.findings
    assert outcome.note == "lines 90.00 % → 87.50 %, branches 50.00 % → 50.00 %; base known"


def test_defers_to_ci_when_the_base_was_not_measured_here(
    sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI")
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()

    assert check(sample.project).skipped.startswith("left to CI: the tests of main (")


def test_adds_the_base_up_when_its_results_are_remembered(
    sample: MeasuredProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI")
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    check_tests(sample.project)
    shutil.rmtree(sample.root / "reports/trend")
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    check_tests(sample.project)

    outcome = check(sample.project)

    assert outcome.note == "lines 90.00 % → 91.66 %, branches 50.00 % → 50.00 %; base known"


def test_defers_to_ci_when_a_result_of_the_base_is_unknown(
    sample: MeasuredProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI")
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-results")))
    sample.replace(SHOP, "return 'hello'", "return 'hel' + 'lo'")
    check_tests(sample.project)

    assert check(sample.project).skipped.startswith("left to CI: the tests of main (")


def test_cannot_judge_when_the_tests_of_the_base_fail(sample: MeasuredProject) -> None:
    sample.replace(TEST, "== 'hello'", "== 'bye'").commit()
    sample.git("branch", "--force", "main")
    sample.replace(TEST, "== 'bye'", "== 'hello'").measure()

    with pytest.raises(GateError, match=r"The tests of main \(\w+\) fail(.|\n)*FAILED tests/test_shop.py"):
        check(sample.project)
    assert not (sample.root / "reports/trend").exists()
    assert sample.git("worktree", "list").count("\n") == 0


def test_measures_again_when_the_server_is_another_one(
    tested_sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that starts the embedded server runs only without DATABASE_URL."""
    tested_sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    tested_sample.measure()
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    assert "base measured in" in check(tested_sample.project).note


@pytest.mark.parametrize("name", ["PAU2_BASE", "PAU2_FINDINGS_FOLDER", "COV_CORE_SOURCE"])
def test_measures_the_base_without_the_variables_of_the_run(
    sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    code = f"import os\n\nnames = []\nif '{name}' in os.environ:\n    names += [1]\n    names += [2]\n"
    sample.write("backend/app/variables.py", code)
    sample.append(TEST, "\n\ndef test_imports():\n    import app.variables\n").commit()
    sample.git("branch", "--force", "main")
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()
    monkeypatch.setenv(name, "main")

    assert "lines 80.00 % → 82.35 %" in check(sample.project).note


def test_checks_out_the_project_when_it_is_a_subfolder(tmp_path: Path) -> None:
    repository = SampleProject.build(
        tmp_path, Part({"README.md": "", "services/api/backend/app/a.py": "one = 1\n"})
    )
    project = Project(root=repository.root / "services/api")

    with trend._checkout(project, merge_base(project)) as base:
        assert (base.backend / "app/a.py").read_text(encoding="utf-8") == "one = 1\n"


def test_remembers_no_counts_when_git_hides_untracked_files(sample: MeasuredProject) -> None:
    sample.git("config", "status.showUntrackedFiles", "no")
    sample.write("backend/app/added.py", "a = 1\n").measure()

    store_totals(sample.project)

    assert not (sample.root / "reports/trend").exists()


def test_cannot_judge_when_the_tests_of_the_base_never_end(
    sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend, "TEST_TIMEOUT_SECONDS", 0.01)
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()

    with pytest.raises(GateError, match="take longer than"):
        check(sample.project)


def test_measures_again_when_the_choice_of_folders_changes(tested_sample: MeasuredProject) -> None:
    tested_sample.rule('measured = ["app"]', 'measured = ["app", "tests"]').write("backend/tests/test_new.py")
    tested_sample.measure()

    assert "base measured in" in check(tested_sample.project).note


def test_says_nothing_changed_when_it_is_outside_the_backend(sample: MeasuredProject) -> None:
    sample.write("docs/added.md", "text\n")

    assert check(sample.project).skipped.startswith("nothing changed below backend/ since main (")


def test_compares_with_zero_when_the_base_has_no_tests(sample: MeasuredProject) -> None:
    for name in (TEST, "backend/tests/test_legacy.py"):
        sample.remove(name)
    sample.commit()
    sample.git("branch", "--force", "main")
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()

    assert check(sample.project).note.startswith("lines 0.00 % → 25.00 %, branches 0.00 % → 0.00 %;")


def test_says_so_when_the_base_has_no_measured_code(sample: MeasuredProject) -> None:
    store_totals(sample.measure().project)
    (counts,) = (sample.root / "reports/trend").iterdir()
    counts.write_text("[[0, 0], [0, 0]]")
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure()

    assert check(sample.project).skipped.startswith("there is no measured code at main (")


def test_cannot_judge_when_the_tests_have_not_run(sample: MeasuredProject) -> None:
    sample.write(LEGACY_FILE, GREET)

    with pytest.raises(GateError, match="no coverage data"):
        check(sample.project)
