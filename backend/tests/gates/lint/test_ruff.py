"""Formatting, lint rules and types: ruff and mypy as gates."""

import shutil
from pathlib import Path

import pytest

from gates.lint import ruff
from gates.model import Finding, GateError, Outcome
from tests.gates.support.sample_project import Twin, make_twin

BACKEND = Path(__file__).resolve().parents[3]
PACKAGES = ("app", "benchmarks", "devtools", "gates", "tests")
TIDY = '"""Sums."""\n\n\ndef double(number: int) -> int:\n    return 2 * number\n'


@pytest.fixture
def tooled(tmp_path: Path) -> Twin:
    """A repository with this project's own tool configuration and one tidy module."""
    packages = {f"backend/{name}/__init__.py": "" for name in PACKAGES}
    configuration = (BACKEND / "pyproject.toml").read_text(encoding="utf-8")
    files = {"backend/pyproject.toml": configuration, "backend/app/sums.py": TIDY}
    return make_twin(tmp_path, packages | files)


def only(outcome: Outcome) -> Finding:
    (finding,) = outcome.findings
    return finding


def test_lets_tidy_code_pass(tooled: Twin) -> None:
    outcomes = [gate(tooled.project) for gate in (ruff.formatted, ruff.linted, ruff.typed)]

    assert [(outcome.status, list(outcome.findings)) for outcome in outcomes] == [("passed", [])] * 3


def test_refuses_code_that_is_not_formatted(tooled: Twin) -> None:
    tooled.write("backend/app/sums.py", TIDY.replace("2 * number", "2*number"))

    finding = only(ruff.formatted(tooled.project))

    assert (finding.file, finding.fix) == ("backend/app/sums.py", "./noxw -s fix")


@pytest.mark.parametrize("comment", ["", "  # noqa: F401"])
def test_refuses_an_unused_import_whatever_the_comment(tooled: Twin, comment: str) -> None:
    tooled.write("backend/app/sums.py", TIDY.replace("\n\n\n", f"\n\nimport os{comment}\n\n\n", 1))

    finding = only(ruff.linted(tooled.project))

    assert (finding.file, finding.line) == ("backend/app/sums.py", 3)
    assert "`os` imported but unused [F401]" in finding.message


def test_sees_untracked_files_but_not_ignored_ones(tooled: Twin) -> None:
    tooled.write(".gitignore", "ignored.py\n")
    tooled.write("backend/app/ignored.py", "import os\n")
    tooled.write("backend/app/untracked.py", "import os\n")

    assert only(ruff.linted(tooled.project)).file == "backend/app/untracked.py"


def test_refuses_a_wrong_type(tooled: Twin) -> None:
    tooled.write("backend/app/sums.py", TIDY.replace("2 * number", "str(number)"))

    finding = only(ruff.typed(tooled.project))

    assert (finding.file, finding.line) == ("backend/app/sums.py", 5)
    assert "[return-value]" in finding.message


def test_explains_a_type_error_when_mypy_has_more_to_say(tooled: Twin) -> None:
    """The notes belong to the message, and what to install is a matter of the lock."""
    tooled.write("backend/app/sums.py", TIDY.replace("2 * number", "{}.get()"))
    finding = ruff.typed(tooled.project).findings[-1]
    assert "[call-overload]\nPossible overload variants:\n" in finding.message
    assert finding.fix.endswith("#code-call-overload")

    tooled.write("backend/app/sums.py", TIDY.replace("\n\n\n", "\n\nimport yaml\n\n\n", 1))
    finding = only(ruff.typed(tooled.project))
    assert finding.message.endswith("[import-untyped]\ntypes-PyYAML is not installed")
    assert "pip" not in finding.fix
    assert "`+stack.dev types-PyYAML`" in finding.fix


def test_says_why_when_a_tool_cannot_run(tooled: Twin) -> None:
    tooled.write("backend/pyproject.toml", "[tool.ruff]\nnonsense = 1\n")

    with pytest.raises(GateError, match=r"ruff could not run: [\s\S]*nonsense"):
        ruff.linted(tooled.project)


def test_refuses_a_file_that_is_not_python(tooled: Twin) -> None:
    tooled.write("backend/app/sums.py", "def (:\n")

    assert ruff.linted(tooled.project).status == "failed"
    assert ruff.typed(tooled.project).status == "failed"


def test_says_why_when_mypy_cannot_run(tooled: Twin) -> None:
    shutil.rmtree(tooled.root / "backend/benchmarks")

    with pytest.raises(GateError, match="mypy could not run: Can't find package 'benchmarks'"):
        ruff.typed(tooled.project)
