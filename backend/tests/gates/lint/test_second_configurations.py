"""Configuration that is not the project's, in folders above, at home and in variables, changes no verdict."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import fix
from gates.architecture import layers, stack
from gates.coverage.data import load_current
from gates.lint import mypy, ruff, secrets, workflows
from gates.migrations import revision_code
from gates.model import Outcome, Project
from gates.testing import runs
from tests.gates.support import prepared_processes
from tests.gates.support.packages import PACKAGES
from tests.gates.support.parts.all_gates import COMPLETE
from tests.gates.support.parts.application import MINIMAL
from tests.gates.support.parts.automation import WORKFLOW
from tests.gates.support.parts.coverage import COVERAGE, SHOP
from tests.gates.support.parts.migrations import MIGRATIONS, VERSIONS, revision
from tests.gates.support.sample_project import Part, SampleProject

BACKEND = Path(__file__).resolve().parents[3]
RUFF = 'line-length = 20\nexclude = ["**"]\n[format]\nquote-style = "single"\n[lint]\nselect = []\n'
MYPY_SETTINGS = "[mypy]\nignore_errors = True\n"
COVERAGE_SETTINGS = "[run]\nbranch = false\nomit = */shop.py\n[report]\nomit = */shop.py\n"
PYTEST = "[pytest]\npython_files = nothing_*.py\naddopts = --no-such-option\n"
SQUAWK = 'included_rules = ["require-table-schema"]\nexcluded_rules = ["require-concurrent-index-creation"]\n'
ZIZMOR = "rules:\n  template-injection:\n    disable: true\n  excessive-permissions:\n    disable: true\n"
PYPROJECT = """[tool.ruff]
line-length = 20
[tool.mypy]
ignore_errors = true
[tool.coverage.run]
omit = ["*"]
[tool.pytest.ini_options]
addopts = "--no-such-option"
[tool.importlinter]
root_package = "nothing"
[tool.deptry]
ignore = ["DEP001", "DEP002", "DEP003"]
"""
FOREIGN = {
    ".ruff.toml": RUFF,
    "ruff.toml": RUFF,
    "mypy.ini": MYPY_SETTINGS,
    ".mypy.ini": MYPY_SETTINGS,
    "setup.cfg": MYPY_SETTINGS + COVERAGE_SETTINGS.replace("[", "[coverage:") + PYTEST.replace("[", "[tool:"),
    ".coveragerc": COVERAGE_SETTINGS,
    "pytest.ini": PYTEST,
    "tox.ini": PYTEST,
    ".squawk.toml": SQUAWK,
    "zizmor.yml": ZIZMOR,
    ".importlinter": "[importlinter]\nroot_package = nothing\n",
    ".secrets.baseline": '{"version": "1.5.0", "plugins_used": [], "results": {}}',
    ".ignore": "*\n",
}
"""Files that tools read as their configuration when they find them."""
IN_THE_TREE = [name for name in FOREIGN if name not in {"zizmor.yml", ".ignore"}]
AT_HOME = {
    "ruff/ruff.toml": RUFF,
    "ruff/pyproject.toml": PYPROJECT,
    "mypy/config": MYPY_SETTINGS,
    "git/ignore": "*.toml\n*.ini\n.*\nsetup.cfg\n",
}


Make = Callable[..., SampleProject]


@pytest.fixture
def below(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    """Return what makes a repository in a folder of configurations, for a user who has more of them.

    Others are in the repository, where the user's git ignores them.
    """

    def make(*parts: Part) -> SampleProject:
        sample = SampleProject.build(tmp_path / "checkout", *parts, branch="change")
        for name in IN_THE_TREE:
            sample.write(f"backend/{name}", FOREIGN[name])
        _furnish(SampleProject(tmp_path), SampleProject(tmp_path / "home"))
        for name, value in _variables(tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(subprocess, "run", prepared_processes.start)  # forks have imported mypy before
        return sample

    return make


def _furnish(above: SampleProject, home: SampleProject) -> None:
    for name, text in FOREIGN.items():
        above.write(name, text)
    above.write("pyproject.toml", PYPROJECT).write("conftest.py", "raise SystemExit(1)\n")
    for name, text in AT_HOME.items():
        home.write(f".config/{name}", text).write(f"xdg/{name}", text)
    home.write(".mypy.ini", MYPY_SETTINGS).write(".coveragerc", COVERAGE_SETTINGS).write(
        "stubs/sqlalchemy.pyi", "Table: int\n"
    )


def _variables(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "home/xdg"),
        "RUFF_OUTPUT_FILE": str(folder / "output"),
        "RUFF_OUTPUT_FORMAT": "github",
        "MYPY_CONFIG_FILE_DIR": str(folder),
        "MYPY_NUM_WORKERS": "many",
        "MYPYPATH": str(folder / "home/stubs"),
        "COVERAGE_RCFILE": str(folder / ".coveragerc"),
        "COVERAGE_FILE": str(folder / ".coverage"),
        "PYTEST_ADDOPTS": "--no-such-option",
        "SQUAWK_CONFIG": str(folder / ".squawk.toml"),
        "ZIZMOR_CONFIG": str(folder / "zizmor.yml"),
        "ZIZMOR_SHOW_AUDIT_URLS": "never",
    }


def said(outcome: Outcome) -> list[str]:
    return [finding.message for finding in outcome.findings]


def test_repairs_by_the_project_s_settings_when_asked_to(below: Make) -> None:
    """The session `fix`, without the noxfile, which the sample project does not have."""
    code = "backend/app/code.py"
    settings = (BACKEND / "pyproject.toml").read_text()
    sample = below(Part({"backend/pyproject.toml": settings, code: "import os\na = 'x'\n"}))

    for module in fix.COMMANDS[:2]:
        subprocess.run([sys.executable, "-m", *module[:-1]], cwd=sample.root / "backend", check=True)

    assert (sample.root / code).read_text() == 'a = "x"\n'


@pytest.mark.parametrize(
    ("gate", "good", "bad", "message"),
    [
        (ruff.check_format, 'a = "x"\n', "a = 'x'\n", "File would be reformatted [unformatted]"),
        (ruff.check_lint, "a = 1\n", "import os\n", "`os` imported but unused [F401]"),
        (mypy.check, "a: int = 1\n", "a = b\n", 'Name "b" is not defined [name-defined]'),
    ],
)
def test_judges_code_by_the_project_s_settings(
    below: Make, gate: Callable[[Project], Outcome], good: str, bad: str, message: str
) -> None:
    packages = {f"backend/{name}/__init__.py": "" for name in PACKAGES}
    settings = (BACKEND / "pyproject.toml").read_text(encoding="utf-8")
    code = "backend/app/code.py"
    sample = below(Part(packages | {"backend/pyproject.toml": settings, code: good}))
    assert said(gate(sample.project)) == []

    assert said(gate(sample.write(code, bad).project)) == [message]


def test_judges_layers_by_the_rule_book(below: Make) -> None:
    sample = below(*MINIMAL)
    assert said(layers.check(sample.project)) == []

    sample.write("backend/app/domain/bad.py", "import sqlalchemy\n")
    assert any("app.domain must not import sqlalchemy" in text for text in said(layers.check(sample.project)))


def test_judges_imports_of_every_file(below: Make) -> None:
    sample = below(*MINIMAL)
    assert said(stack.check(sample.project)) == []

    sample.write("backend/app/domain/bad.py", "import nowhere_to_be_found\n")
    assert any("[DEP001]" in text for text in said(stack.check(sample.project)))


def test_finds_secrets_whatever_a_baseline_says(below: Make) -> None:
    sample = below(*COMPLETE)
    assert said(secrets.check(sample.project)) == []

    sample.write("README.md", "AKIA" + "IOSFODNN7EXAMPLE\n")
    assert "looks like a secret: AWS Access Key" in said(secrets.check(sample.project))


def test_audits_workflows_without_the_user_s_rules(below: Make) -> None:
    sample = below(*COMPLETE)
    assert said(workflows.check(sample.project)) == []

    sample.replace(WORKFLOW, "run: ./noxw", "run: ./noxw ${{ github.event.pull_request.title }}")
    assert any("[template-injection]" in text for text in said(workflows.check(sample.project)))


def test_examines_sql_by_the_rule_book(below: Make) -> None:
    sample = below(MIGRATIONS)
    second = f"{VERSIONS}/2026-01-11_second.py"
    up, back = ["CREATE TABLE streets (id integer)"], ["DROP TABLE streets"]
    sample.write(second, revision("second", "first", up, back))
    assert said(revision_code.check(sample.project)) == []

    up.append("CREATE INDEX ix_age ON neighbours (age)")
    sample.write(second, revision("second", "first", up, back))
    [message] = said(revision_code.check(sample.project))
    assert "[squawk require-concurrent-index-creation]" in message


def test_runs_and_measures_tests_with_the_project_s_settings(below: Make) -> None:
    sample = below(COVERAGE)
    outcome = runs.check_tests(sample.project)

    assert (said(outcome), outcome.note) == ([], "2 tests")
    assert load_current(sample.project)[SHOP].executed_lines == {1, 2}
