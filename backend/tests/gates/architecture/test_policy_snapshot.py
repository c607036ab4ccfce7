"""Change control compares the start, configuration and number of tests. Tightening needs no decision."""

import pytest

from gates.architecture.change_control import check
from tests.gates.architecture.test_change_control import CI, WORKFLOW
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

NOXW, CI_RUN, CONFTEST = "noxw", ".ci/run", "backend/tests/conftest.py"
PYPROJECT, UNIT = "backend/pyproject.toml", "backend/tests/unit/test_news.py"
DECISION = "docs/decisions/0001-first.md"
TESTS = """import pytest


@pytest.mark.parametrize("a", [1, 2, 3])
def test_three_when_given(a): ...


def test_one(): ...
"""


@pytest.fixture
def merged(sample: SampleProject) -> SampleProject:
    """The sample project with all that starts gates on main, and a fresh branch."""
    sample.git("switch", "--quiet", "main")
    sample.write(WORKFLOW, CI).write(NOXW, "#!/bin/sh\n# Runs nox.\nset -eu\nexec python -m nox\n")
    sample.write(CI_RUN, "exec ./noxw\n").write(DECISION, "First.\n").write(UNIT, TESTS)
    sample.write(CONFTEST, 'pytest_plugins = ["tests.plugins.canaries"]\n').commit()
    return sample.branch("next")


def loosened(sample: SampleProject) -> list[str]:
    findings = check(sample.project).findings
    return [finding.message.removeprefix("loosened without a decision: ") for finding in findings]


@pytest.mark.parametrize(
    ("file", "old", "new", "facts"),
    [
        (NOXW, "set -eu", "set -u", ["-noxw set -eu", "+noxw set -u"]),
        (NOXW, "exec", "exit 0\nexec", ["+noxw exit 0"]),
        (CI_RUN, "./noxw", "./noxw -s lint", ["-.ci/run exec ./noxw", "+.ci/run exec ./noxw -s lint"]),
        ("noxfile.py", "session.name)", "session.name, success_codes=[0, 1])", None),
        (RULE_BOOK, '".gitignore" = "not kept"\n', "", ["-tree .gitignore"]),
        (RULE_BOOK, "[tree]\n", '[tree]\n"scripts/" = "x"\n', ["+tree scripts/"]),
        (RULE_BOOK, 'summary = "Lint."', 'summary = "Lint a bit."', None),
        (RULE_BOOK, '["commit", "execute", ', '["execute", ', ["-handlers.forbidden-attributes commit"]),
        (RULE_BOOK, '"ruff.toml", ', "", ["-structure.forbidden-files ruff.toml"]),
        (CONFTEST, '"tests.plugins.canaries"', "", ["-tests.plugins tests.plugins.canaries"]),
        (UNIT, "def test_one", "def check_one", ["tests.unit 4 → 3"]),
        (UNIT, "[1, 2, 3]", "[1]", ["tests.unit 4 → 2"]),
        (PYPROJECT, "strict = true", 'strict = true\nplatform = "win32"', ["+tool.mypy.platform win32"]),
        (PYPROJECT, "[tool.mypy]", "[tool.uv]\noverride-dependencies = ['x']\n[tool.mypy]", None),
        (WORKFLOW, "run: ./noxw", "run: ./noxw\n        shell: bash -c true {0}", None),
        (WORKFLOW, "run: ./noxw", "run: ./noxw\n        env: {PYTEST_ADDOPTS: -k x}", None),
        (WORKFLOW, "pull_request:", "pull_request:\n    paths-ignore: [backend/**]", None),
    ],
)
def test_refuses_loosening_when_it_is_of_what_starts_the_gates(
    merged: SampleProject, file: str, old: str, new: str, facts: list[str] | None
) -> None:
    merged.replace(file, old, new)

    assert loosened(merged) == facts if facts else loosened(merged)


@pytest.mark.parametrize(
    ("file", "fact"),
    [
        (UNIT, "tests.unit 4 → 0"),
        (DECISION, f"-decisions {DECISION}"),
        (WORKFLOW, f"-{WORKFLOW}.jobs.gates.steps.run ./noxw"),
    ],
)
def test_refuses_loosening_when_a_file_is_gone(merged: SampleProject, file: str, fact: str) -> None:
    merged.remove(file).commit()

    assert fact in loosened(merged)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (NOXW, "# Runs nox.", "# Runs nox, pinned."),
        (NOXW, "set -eu\n", "\nset  -eu\n"),
        ("noxfile.py", '"""Lint."""', '"""Gate: lint."""'),
        (UNIT, "def test_one", "def test_first"),
        (UNIT, "[1, 2, 3]", "[1, 2, 3, 4]"),
        (UNIT, "def test_one(): ...", '@pytest.mark.parametrize("a", [1, 2])\ndef test_both(a): ...'),
        (PYPROJECT, "[tool.ruff.lint]\n", '[tool.ruff.lint]\nextend-select = ["UP"]\n'),
        (WORKFLOW, "needs: [gates]", "needs: [gates, more]"),
        (WORKFLOW, "jobs:\n", "jobs:\n  more:\n    if: always()\n    steps: [{run: x}]\n"),
        (RULE_BOOK, '"README.md" = "the first screen"', '"README.md" = "where to begin"'),
    ],
)
def test_passes_when_nothing_gets_looser(merged: SampleProject, file: str, old: str, new: str) -> None:
    merged.replace(file, old, new).commit()

    assert loosened(merged) == []


def test_passes_when_tests_move_to_another_file(merged: SampleProject) -> None:
    merged.remove(UNIT).write("backend/tests/unit/test_articles.py", TESTS).commit()

    assert loosened(merged) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("lines = 90", "lines = 12", "global = { lines = 12"),
        ('"peewee"', '"pony"', "forbidden = ["),
        ('".gitignore" = "not kept"\n', "", "[tree]"),
        ('runtime = ["fastapi"', 'runtime = ["flask", "fastapi"', "flask"),
        ('rules = ["S101"]', 'rules = ["S101", "E501"]', "E501"),
    ],
)
def test_names_nearest_line_of_rule_book_when_it_refuses(
    merged: SampleProject, old: str, new: str, line: str
) -> None:
    merged.rule(old, new)

    (finding,) = check(merged.project).findings

    assert line in (merged.root / RULE_BOOK).read_text().splitlines()[finding.line - 1]
