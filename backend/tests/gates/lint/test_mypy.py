import shutil

import pytest

from gates.lint import mypy
from gates.model import GateError
from tests.gates.lint.conftest import TIDY
from tests.gates.support.outcomes import only_finding
from tests.gates.support.sample_project import SampleProject


def test_passes_when_types_are_right(tooled: SampleProject) -> None:
    outcome = mypy.check(tooled.project)

    assert (outcome.status, list(outcome.findings)) == ("passed", [])


def test_explains_a_type_error_when_mypy_has_more_to_say(tooled: SampleProject) -> None:
    """The notes belong to the message, and what to install is a matter of the lock."""
    tooled.write("backend/app/sums.py", TIDY.replace("2 * number", "{}.get()"))
    finding = mypy.check(tooled.project).findings[-1]
    assert "[call-overload]\nPossible overload variants:\n" in finding.message
    assert finding.fix.endswith("#code-call-overload")

    tooled.write("backend/app/sums.py", TIDY.replace("\n\n\n", "\n\nimport yaml\n\n\n", 1))
    finding = only_finding(mypy.check(tooled.project))
    assert finding.message.endswith("[import-untyped]\ntypes-PyYAML is not installed")
    assert "pip" not in finding.fix
    assert "`+stack.dev types-PyYAML`" in finding.fix


def test_says_why_when_mypy_cannot_run(tooled: SampleProject) -> None:
    shutil.rmtree(tooled.root / "backend/benchmarks")

    with pytest.raises(GateError, match="mypy could not run: Can't find package 'benchmarks'"):
        mypy.check(tooled.project)


def test_refuses_file_when_it_is_not_python(tooled: SampleProject) -> None:
    tooled.write("backend/app/sums.py", "def (:\n")

    assert mypy.check(tooled.project).status == "failed"
