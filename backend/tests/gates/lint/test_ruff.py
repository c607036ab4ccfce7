import pytest

from gates.lint import ruff
from gates.model import GateError
from tests.gates.support.outcomes import only_finding
from tests.gates.support.sample_project import SampleProject


def test_passes_when_code_is_tidy(tooled: SampleProject) -> None:
    outcomes = [gate(tooled.project) for gate in (ruff.check_format, ruff.check_lint)]

    assert [(outcome.status, list(outcome.findings)) for outcome in outcomes] == [("passed", [])] * 2


def test_sees_untracked_files_but_not_ignored_ones(tooled: SampleProject) -> None:
    tooled.write(".gitignore", "ignored.py\n")
    tooled.write("backend/app/ignored.py", "import os\n")
    tooled.write("backend/app/untracked.py", "import os\n")

    assert only_finding(ruff.check_lint(tooled.project)).file == "backend/app/untracked.py"


def test_says_why_when_a_tool_cannot_run(tooled: SampleProject) -> None:
    tooled.write("backend/pyproject.toml", "[tool.ruff]\nnonsense = 1\n")

    with pytest.raises(GateError, match=r"ruff could not run: [\s\S]*nonsense"):
        ruff.check_lint(tooled.project)


def test_refuses_file_when_it_is_not_python(tooled: SampleProject) -> None:
    tooled.write("backend/app/sums.py", "def (:\n")

    assert ruff.check_lint(tooled.project).status == "failed"
