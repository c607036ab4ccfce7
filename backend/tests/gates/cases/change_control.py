"""R07: rules that get looser without a decision, or with one that does not say so."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import DECISION, HOOKS, PYPROJECT, TEST, WORKFLOW
from tests.gates.support.sample_project import RULE_BOOK, Twin

QUOTE = "undo it, or add docs/decisions/NNNN-slug.md (Context, Decision, Consequences) that quotes `"
SAYS = "loosened without a decision: "


def _old_decision(twin: Twin) -> None:
    """The decision was merged by an earlier change."""
    twin.git("switch", "--quiet", "main")
    twin.write(DECISION, "Context Decision Consequences `coverage.global.lines 90 → 80`\n").commit()
    twin.git("switch", "--quiet", "change")
    twin.git("rebase", "--quiet", "main")
    twin.rule("lines = 90, branches = 85", "lines = 80, branches = 85")


ENTRIES = [
    Violation(
        what="less coverage",
        gate="change-control",
        change=lambda twin: twin.rule("lines = 90, branches = 85", "lines = 80, branches = 85"),
        file=RULE_BOOK,
        line="lines = 80",
        says=f"{SAYS}coverage.global.lines 90 → 80",
        fix=f"{QUOTE}coverage.global.lines 90 → 80`",
    ),
    Violation(
        what="less coverage, with a decision about something else",
        gate="change-control",
        change=lambda twin: twin.rule("lines = 90, branches = 85", "lines = 80, branches = 85").write(
            DECISION, "Context Decision Consequences `coverage.global.lines 90 → 85`\n"
        ),
        file=RULE_BOOK,
        line="lines = 80",
        says=f"{SAYS}coverage.global.lines 90 → 80",
        fix=QUOTE,
    ),
    Violation(
        what="less coverage, with a decision that was merged before",
        gate="change-control",
        change=_old_decision,
        file=RULE_BOOK,
        line="lines = 80",
        says=f"{SAYS}coverage.global.lines 90 → 80",
        fix=QUOTE,
    ),
    Violation(
        what="a critical module less",
        gate="change-control",
        change=lambda twin: twin.rule(
            'critical-modules = ["app/domain/**"]', 'critical-modules = ["app/domain/news.py"]'
        ),
        file=RULE_BOOK,
        line="critical-modules",
        says=f"{SAYS}-coverage.critical-modules app/domain/**",
        fix=QUOTE,
    ),
    Violation(
        what="a larger budget",
        gate="change-control",
        change=lambda twin: twin.rule("file-lines = 60", "file-lines = 600"),
        file=RULE_BOOK,
        line="file-lines",
        says=f"{SAYS}budgets.file-lines 60 → 600",
        fix=QUOTE,
    ),
    Violation(
        what="an edge between layers",
        gate="change-control",
        change=lambda twin: twin.rule(
            '[layers.application]\nlayers = ["domain"]', '[layers.application]\nlayers = ["core", "domain"]'
        ),
        file=RULE_BOOK,
        line='layers = ["core", "domain"]',
        says=f"{SAYS}+layers.application.layers core",
        fix=QUOTE,
    ),
    Violation(
        what="a way to import dynamically",
        gate="change-control",
        change=lambda twin: twin.rule('"importlib", ', ""),
        file=RULE_BOOK,
        line="dynamic = ",
        says=f"{SAYS}-imports.dynamic importlib",
        fix=QUOTE,
    ),
    Violation(
        what="a rule without its gate",
        gate="change-control",
        change=lambda twin: twin.rule(
            'says = "Layers."\ngates = ["layers", "imports"]', 'says = "Layers."\ngates = ["layers"]'
        ),
        file=RULE_BOOK,
        line='gates = ["layers"]',
        says=f"{SAYS}-rules.R03.gates imports",
        fix=QUOTE,
        also=("structure",),
    ),
    Violation(
        what="a linter's rules less",
        gate="change-control",
        change=lambda twin: twin.replace(PYPROJECT, ', "S"]', "]"),
        file=PYPROJECT,
        says=f"{SAYS}-tool.ruff.lint.select S",
        fix=QUOTE,
    ),
    Violation(
        what="a type checker that is less strict",
        gate="change-control",
        change=lambda twin: twin.replace(PYPROJECT, "strict = true", "strict = false"),
        file=PYPROJECT,
        says=f"{SAYS}-tool.mypy.strict True",
        fix=QUOTE,
        also=("exclusions",),
    ),
    Violation(
        what="a hook at another time",
        gate="change-control",
        change=lambda twin: twin.replace(HOOKS, "stages: [pre-commit]", "stages: [manual]"),
        file=HOOKS,
        says="stages pre-commit",
        fix=QUOTE,
    ),
    Violation(
        what="a workflow that ignores its gates",
        gate="change-control",
        change=lambda twin: twin.replace(WORKFLOW, "run: ./noxw", "run: ./noxw || true"),
        file=WORKFLOW,
        says="run ./noxw",
        fix=QUOTE,
        also=("workflows",),
    ),
    Violation(
        what="owners of nothing",
        gate="change-control",
        change=lambda twin: twin.replace(".github/CODEOWNERS", "/backend/gates/", "/nowhere/"),
        file=".github/CODEOWNERS",
        says="/backend/gates/ @leads",
        fix=QUOTE,
    ),
    Violation(
        what="a test that is gone",
        gate="change-control",
        change=lambda twin: twin.remove(TEST),
        file="backend/tests/",
        says=f"{SAYS}tests.unit 1 → 0",
        fix=QUOTE,
    ),
]
