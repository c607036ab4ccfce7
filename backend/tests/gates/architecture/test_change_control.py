from pathlib import Path

import pytest

from gates.architecture.change_control import check
from tests.gates.support.parts.application import MINIMAL
from tests.gates.support.sample_project import RULE_BOOK, Part, SampleProject

WORKFLOW = ".github/workflows/ci.yml"
CI = """on:
  pull_request:
  merge_group:
env:
  PAU2_BASE: HEAD^1
jobs:
  gates:
    name: Gates
    steps:
      - uses: actions/checkout@0123
      - run: ./noxw
  required:
    needs: [gates]
    steps:
      - run: test "$RESULTS" = success
"""
HOOKS = """repos:
  - repo: local
    hooks:
      - { id: commit, entry: ./noxw -s lint, stages: [pre-commit] }
      - { id: push, entry: ./noxw -s lint, stages: [pre-push] }
"""
HOOK = ".pre-commit-config.yaml.repos.hooks."
DECISION = "docs/decisions/0002-less.md"


STARTED = {
    WORKFLOW: CI,
    ".pre-commit-config.yaml": HOOKS,
    ".github/CODEOWNERS": "# who\n/backend/gates/  @leads\n",
}


@pytest.fixture
def merged(tmp_path: Path) -> SampleProject:
    """The sample project with hooks and a workflow on main, and a fresh branch."""
    return SampleProject.build(tmp_path, *MINIMAL, Part(STARTED), branch="change")


def loosened(sample: SampleProject) -> list[str]:
    findings = check(sample.project).findings
    return [finding.message.removeprefix("loosened without a decision: ") for finding in findings]


def test_says_so_when_nothing_changed(merged: SampleProject) -> None:
    outcome = check(merged.project)

    assert outcome.status == "passed"
    assert outcome.note.startswith("nothing changed since main")


@pytest.mark.parametrize(
    ("file", "old", "new", "fact"),
    [
        (RULE_BOOK, "lines = 90", "lines = 89.9", "coverage.global.lines 90 → 89.9"),
        (RULE_BOOK, ", branches = 85", "", "-coverage.global.branches 85"),
        (RULE_BOOK, "min-score-changed = 80", "min-score-changed = 79", "mutation.min-score-changed 80 → 79"),
        (
            RULE_BOOK,
            "[mutation.excluded]\n",
            '[mutation.excluded]\n"app/a.py" = "why"\n',
            "+mutation.excluded.app/a.py why",
        ),
        (RULE_BOOK, "file-lines = 60\n", "", "-budgets.file-lines 60"),
        (RULE_BOOK, '["app/domain/**"]', "[]", "-coverage.critical-modules app/domain/**"),
        (RULE_BOOK, '"peewee"', '"pony"', "-stack.forbidden peewee"),
        (RULE_BOOK, 'dev = ["ruff"]', 'dev = ["ruff", "mypy"]', "+stack.dev mypy"),
        (RULE_BOOK, 'runtime = ["fastapi", ', 'runtime = ["flask", "fastapi", ', "+stack.runtime flask"),
        (
            RULE_BOOK,
            'libraries = ["fastapi", ',
            'libraries = ["x", "fastapi", ',
            "+layers.presentation.libraries x",
        ),
        (RULE_BOOK, 'rules = ["S101"]', 'rules = ["S101", "E501"]', "+exclusions lint tests/** E501"),
        (RULE_BOOK, 'gates = ["layers"]', "gates = []", "-rules.R03.gates layers"),
        (RULE_BOOK, 'lint = ["lint", "layers"]', 'lint = ["lint"]', "-sessions.lint layers"),
        (RULE_BOOK, 'sessions = ["lint"]', "sessions = []", "-default.sessions lint"),
        (RULE_BOOK, '"exec", ', "", "-imports.dynamic-names exec"),
        (RULE_BOOK, 'python = ["3.11", "3.12"]', 'python = ["3.11"]', "-versions.python 3.12"),
        ("backend/pyproject.toml", "branch = true", "branch = false", "-tool.coverage.run.branch True"),
        (
            "backend/pyproject.toml",
            "[tool.mypy]",
            "[tool.ruff.lint.mccabe]\nmax-complexity = 99\n[tool.mypy]",
            "+tool.ruff.lint.mccabe.max-complexity 99",
        ),
        (
            "backend/pyproject.toml",
            "[tool.mypy]",
            '[tool.pytest.ini_options]\npython_functions = "never"\n[tool.mypy]',
            "+tool.pytest.ini_options.python_functions never",
        ),
        (".pre-commit-config.yaml", "id: push", "id: pull", f"-{HOOK}push.stages pre-push"),
        (
            ".pre-commit-config.yaml",
            "entry: ./noxw -s lint",
            "entry: 'true'",
            f"-{HOOK}commit.entry ./noxw -s lint",
        ),
        (WORKFLOW, "  merge_group:\n", "", f"-{WORKFLOW}.on.merge_group None"),
        (WORKFLOW, "HEAD^1", "HEAD", f"-{WORKFLOW}.env.PAU2_BASE HEAD^1"),
        (WORKFLOW, "    needs: [gates]\n", "", f"-{WORKFLOW}.jobs.required.needs gates"),
        (WORKFLOW, "    name: Gates\n", "    if: false\n", f"+{WORKFLOW}.jobs.gates.if False"),
        (
            WORKFLOW,
            "name: Gates",
            "continue-on-error: true",
            f"+{WORKFLOW}.jobs.gates.continue-on-error True",
        ),
    ],
)
def test_refuses_loosening_when_no_decision_quotes_it(
    merged: SampleProject, file: str, old: str, new: str, fact: str
) -> None:
    merged.replace(file, old, new)
    assert fact in loosened(merged)

    quoted = "\n".join(f"`{each}`" for each in loosened(merged))
    merged.write(DECISION, f"# 2. Less\n\n**Context.** x\n**Decision.** {quoted}\n**Consequences.** y\n")
    assert loosened(merged) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (RULE_BOOK, "file-lines = 60", "file-lines = 59"),
        (RULE_BOOK, '"peewee"]', '"peewee", "pony"]'),
        (RULE_BOOK, '["fastapi", "pydantic"]', '["fastapi"]'),
        (RULE_BOOK, 'rules = ["S101"]', "rules = []"),
        (RULE_BOOK, '"README.md" = "the first screen"', '"README.md" = "the front page"'),
        (RULE_BOOK, 'python = ["3.11", "3.12"]', 'python = ["3.11", "3.12", "3.13"]'),
        ("backend/pyproject.toml", '"S"]', '"S", "UP"]'),
        (WORKFLOW, "name: Gates", "name: Every gate"),
    ],
)
def test_passes_when_rules_get_stricter_or_stay(merged: SampleProject, file: str, old: str, new: str) -> None:
    merged.replace(file, old, new).commit()

    assert loosened(merged) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (DECISION, "# Nothing but the quote: `coverage.global.lines 90 → 80`"),
        ("docs/notes/0002-less.md", "Context Decision Consequences `coverage.global.lines 90 → 80`"),
        ("docs/decisions/less.md", "Context Decision Consequences `coverage.global.lines 90 → 80`"),
    ],
)
def test_refuses_loosening_when_decision_does_not_cover_it(
    merged: SampleProject, name: str, text: str
) -> None:
    merged.write(name, text).rule("lines = 90", "lines = 80")

    assert loosened(merged) == ["coverage.global.lines 90 → 80"]


def test_refuses_loosening_when_decision_is_an_old_one(merged: SampleProject) -> None:
    merged.git("switch", "--quiet", "main")
    merged.write(DECISION, "Context Decision Consequences `coverage.global.lines 90 → 80`").commit()
    merged.branch("later").rule("lines = 90", "lines = 80").write(DECISION, "x").commit()

    assert loosened(merged) == ["coverage.global.lines 90 → 80"]


def test_skips_when_base_has_no_rule_book(sample: SampleProject) -> None:
    rules = (sample.root / RULE_BOOK).read_text(encoding="utf-8")
    sample.git("switch", "--quiet", "main")
    sample.remove(RULE_BOOK).commit()
    sample.branch("first-rules").write(RULE_BOOK, rules)

    assert "there is no rule book at main" in check(sample.project).skipped
