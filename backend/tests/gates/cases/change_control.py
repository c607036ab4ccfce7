"""R07: rules that get looser without a decision, or with one that does not say so."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.all_gates import DECISION, TEST
from tests.gates.support.parts.application import PYPROJECT
from tests.gates.support.parts.automation import HOOKS, WORKFLOW
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

QUOTE = "undo it, or add docs/decisions/NNNN-slug.md (Context, Decision, Consequences) that quotes `"
SAYS = "loosened without a decision: "


def _old_decision(sample: SampleProject) -> None:
    """The decision was merged by an earlier change."""
    sample.git("switch", "--quiet", "main")
    sample.write(DECISION, "Context Decision Consequences `coverage.global.lines 90 → 80`\n").commit()
    sample.git("switch", "--quiet", "change")
    sample.git("rebase", "--quiet", "main")
    sample.rule("lines = 90, branches = 85", "lines = 80, branches = 85")


CASES = [
    InvalidCase(
        id="less coverage",
        gate="change-control",
        change=lambda sample: sample.rule("lines = 90, branches = 85", "lines = 80, branches = 85"),
        file=RULE_BOOK,
        line="global = { lines = 80",
        message=f"{SAYS}coverage.global.lines 90 → 80",
        fix=f"{QUOTE}coverage.global.lines 90 → 80`",
    ),
    InvalidCase(
        id="less coverage, with a decision about something else",
        gate="change-control",
        change=lambda sample: sample.rule("lines = 90, branches = 85", "lines = 80, branches = 85").write(
            DECISION, "Context Decision Consequences `coverage.global.lines 90 → 85`\n"
        ),
        file=RULE_BOOK,
        line="global = { lines = 80",
        message=f"{SAYS}coverage.global.lines 90 → 80",
        fix=QUOTE,
    ),
    InvalidCase(
        id="less coverage, with a decision that was merged before",
        gate="change-control",
        change=_old_decision,
        file=RULE_BOOK,
        line="global = { lines = 80",
        message=f"{SAYS}coverage.global.lines 90 → 80",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a critical module less",
        gate="change-control",
        change=lambda sample: sample.rule(
            'critical-modules = ["app/domain/**"]', 'critical-modules = ["app/domain/news.py"]'
        ),
        file=RULE_BOOK,
        line="critical-modules",
        message=f"{SAYS}-coverage.critical-modules app/domain/**",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a larger budget",
        gate="change-control",
        change=lambda sample: sample.rule("file-lines = 60", "file-lines = 600"),
        file=RULE_BOOK,
        line="file-lines = 600",
        message=f"{SAYS}budgets.file-lines 60 → 600",
        fix=QUOTE,
    ),
    InvalidCase(
        id="an edge between layers",
        gate="change-control",
        change=lambda sample: sample.rule(
            '[layers.application]\nlayers = ["domain"]', '[layers.application]\nlayers = ["core", "domain"]'
        ),
        file=RULE_BOOK,
        line='layers = ["core", "domain"]',
        message=f"{SAYS}+layers.application.layers core",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a way to import dynamically",
        gate="change-control",
        change=lambda sample: sample.rule('"importlib", ', ""),
        file=RULE_BOOK,
        line="dynamic-modules = ",
        message=f"{SAYS}-imports.dynamic-modules importlib",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a rule without its gate",
        gate="change-control",
        change=lambda sample: sample.rule(
            'summary = "Layers."\ngates = ["layers", "imports"]', 'summary = "Layers."\ngates = ["layers"]'
        ),
        file=RULE_BOOK,
        line='gates = ["layers"]',
        message=f"{SAYS}-rules.R03.gates imports",
        fix=QUOTE,
        also_rejected_by=("structure",),
    ),
    InvalidCase(
        id="a linter's rules less",
        gate="change-control",
        change=lambda sample: sample.replace(PYPROJECT, ', "S"]', "]"),
        file=PYPROJECT,
        message=f"{SAYS}-tool.ruff.lint.select S",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a type checker that is less strict",
        gate="change-control",
        change=lambda sample: sample.replace(PYPROJECT, "strict = true", "strict = false"),
        file=PYPROJECT,
        message=f"{SAYS}-tool.mypy.strict True",
        fix=QUOTE,
        also_rejected_by=("exclusions",),
    ),
    InvalidCase(
        id="a hook at another time",
        gate="change-control",
        change=lambda sample: sample.replace(HOOKS, "stages: [pre-commit]", "stages: [manual]"),
        file=HOOKS,
        message="stages pre-commit",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a workflow that ignores its gates",
        gate="change-control",
        change=lambda sample: sample.replace(WORKFLOW, "run: ./noxw", "run: ./noxw || true"),
        file=WORKFLOW,
        message="run ./noxw",
        fix=QUOTE,
        also_rejected_by=("workflows",),
    ),
    InvalidCase(
        id="owners of nothing",
        gate="change-control",
        change=lambda sample: sample.replace(".github/CODEOWNERS", "/backend/gates/", "/nowhere/"),
        file=".github/CODEOWNERS",
        message="/backend/gates/ @leads",
        fix=QUOTE,
    ),
    InvalidCase(
        id="a test that is gone",
        gate="change-control",
        change=lambda sample: sample.remove(TEST),
        file="backend/tests/",
        message=f"{SAYS}tests.unit 1 → 0",
        fix=QUOTE,
    ),
]
