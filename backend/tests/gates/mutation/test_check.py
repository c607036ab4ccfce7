"""Whole runs of the gate, over a sample project whose tests assert something or not."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from gates.model import GateError, Project
from gates.mutation import check as mutation_check
from gates.mutation import engine
from gates.mutation.check import REPORT_FILE, check
from tests.gates.support.parts.coverage import SETTINGS, TABLES
from tests.gates.support.sample_project import RULE_BOOK, Part, SampleProject

SHOP = "backend/app/shop.py"
TEST = "backend/tests/test_shop.py"
CODE = """RATE = 3


def price(amount):
    paid = 0
    while amount > 0:
        amount -= 1
        paid += RATE
    return paid
"""
ASSERTS = """from app.shop import price


def test_price():
    assert (price(0), price(2)) == (0, 6)
"""
RULES = (
    TABLES
    + """[mutation]
min-score-changed = 100
min-score-modules = 100
test-seconds = 3
desk-seconds = 60
[mutation.tests]
"app/other/*" = ["tests/other"]
"app/*" = ["tests"]
"""
)
FILES = {
    ".gitignore": "/reports/\n__pycache__/\n",
    "backend/pyproject.toml": SETTINGS.replace("addopts = [", 'addopts = ["-p", "xdist.plugin", '),
    "backend/app/__init__.py": "",
    SHOP: "# nothing yet\n",
    "backend/tests/__init__.py": "",
    TEST: "",
}


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    return (
        SampleProject.build(tmp_path, Part(FILES, RULES), branch="change")
        .write(SHOP, CODE)
        .write(TEST, ASSERTS)
    )


def test_passes_when_tests_kill_every_mutant(sample: SampleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "1")  # the other tests do without xdist's worker
    sample.write("backend/app/rates.py", "HALF = 0.5\n")
    sample.write(
        "backend/tests/test_rates.py",
        "from app import rates\n\n\ndef test_half():\n    assert rates.HALF == 0.5\n",
    )

    outcome = check(sample.project)

    assert (outcome.status, outcome.checked) == ("passed", 9)
    assert outcome.note.startswith("100.00 % of 9 mutants of the change since main (")
    assert f"| {SHOP} | 8 | 7 | 1 | 0 | 0 |" in (sample.root / REPORT_FILE).read_text()
    assert "| backend/app/rates.py | 1 | 1 | 0 | 0 | 0 |" in (sample.root / REPORT_FILE).read_text()
    assert {*sample.git("status", "--porcelain").split()} == {
        *("M", SHOP, TEST, "??", "backend/app/rates.py", "backend/tests/test_rates.py")
    }


def test_names_each_survivor_when_the_test_asserts_nothing(sample: SampleProject) -> None:
    sample.replace(TEST, "assert (price(0), price(2)) == (0, 6)", "price(2)")
    sample.commit()

    outcome = check(sample.project)

    found = {(finding.file, finding.line): finding.message for finding in outcome.findings}
    assert found[SHOP, 9] == (
        "this mutant survives its tests (100 % must not):\n-    return paid\n+    return None"
    )
    assert {(SHOP, 1), (SHOP, 5), (SHOP, 6), (SHOP, 7), (SHOP, 8)} >= found.keys() - {(SHOP, 9)}
    assert f"{SHOP}:9 survived\n```diff\n-    return paid\n" in (sample.root / REPORT_FILE).read_text()


def test_names_a_mutant_when_no_test_runs_it(sample: SampleProject) -> None:
    sample.write("backend/app/other/__init__.py", "A = 1\n").write("backend/app/unseen.py", "A = 1\n")
    sample.write("backend/tests/other/test_nothing.py", "def test_nothing():\n    assert True\n")
    sample.replace(TEST, "from app.shop", "import app.other\nfrom app.shop")

    outcome = check(Project(root=sample.root, arguments=["app/other/*", "app/unseen.py"]))

    assert [finding.message.splitlines()[0] for finding in outcome.findings] == [
        "this mutant is run by no test (100 % must not):"
    ] * 2


def test_refuses_tests_when_they_fail_without_mutants(sample: SampleProject) -> None:
    sample.replace(TEST, "6)", "7)")

    for _ in range(2):
        outcome = check(sample.project)
        assert [(finding.file, finding.line) for finding in outcome.findings] == [(TEST, 5)]


def test_passes_a_change_when_nothing_can_be_mutated(sample: SampleProject) -> None:
    sample.write(SHOP, "import math\n")

    assert check(sample.project).skipped.startswith("no mutant can be made of the change since main (")


def test_refuses_named_modules_when_nothing_can_be_mutated(sample: SampleProject) -> None:
    sample.write(SHOP, "import math\n")

    outcome = check(Project(root=sample.root, arguments=["app/shop.py"]))

    assert outcome.status == "failed"
    assert outcome.findings[0].file == SHOP
    assert outcome.findings[0].message.startswith("no mutant can be made of app/shop.py: nothing shows")


def test_forgives_one_survivor_when_others_are_killed(sample: SampleProject) -> None:
    sample.rule("min-score-changed = 100", "min-score-changed = 99")
    sample.write(SHOP, "def price(amount):\n    return max(3, 3) * amount\n")
    sample.replace(TEST, "(0, 6)", "(0, 6)")

    outcome = check(sample.project)

    assert (outcome.status, outcome.checked) == ("passed", 5)
    assert "80.00 % of 5 mutants" in outcome.note


def test_refuses_the_only_mutant_when_it_survives(sample: SampleProject) -> None:
    sample.rule("min-score-changed = 100", "min-score-changed = 10")
    sample.write(SHOP, "def price(amount):\n    return [0, 3, 6][amount]\n")
    sample.write(TEST, ASSERTS.replace("assert (price(0), price(2)) == (0, 6)", "price(0)"))
    sample.commit()
    sample.git("branch", "--force", "main")
    sample.replace(SHOP, "return [0, 3, 6][amount]", "return amount")

    assert [finding.line for finding in check(sample.project).findings] == [2]


def test_leaves_mutants_to_ci_when_the_time_is_over(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    sample.rule("desk-seconds = 60", "desk-seconds = 0")

    outcome = check(sample.project)

    assert outcome.skipped.startswith("all 8 mutants of the change since main (")
    assert outcome.skipped.endswith(" are left to CI")


@pytest.mark.parametrize("in_ci", [True, False])
def test_judges_all_mutants_when_time_is_unlimited(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch, *, in_ci: bool
) -> None:
    sample.rule("desk-seconds = 60", "desk-seconds = 0")
    sample.write(SHOP, "def price(amount):\n    return 3 * amount\n")
    arguments = [] if in_ci else [mutation_check.WHOLE]
    if in_ci:
        monkeypatch.setenv("CI", "true")

    outcome = check(Project(root=sample.root, arguments=arguments))

    assert (outcome.status, outcome.checked) == ("passed", 3)


def test_says_so_when_no_statement_changed(sample: SampleProject) -> None:
    sample.write(SHOP, "# nothing at all\n").write("backend/app/data.txt", "1\n")

    assert check(sample.project).skipped.startswith("there are no statements of the change since main (")


def test_takes_only_changed_statements_when_the_rest_is_old(sample: SampleProject) -> None:
    sample.commit()
    sample.git("branch", "--force", "main")
    sample.replace(SHOP, "paid = 0", "paid = 0 * 1")

    _, chosen = mutation_check._select(sample.project)
    found = mutation_check._mutants(sample.project, SHOP, chosen[SHOP])

    assert {mutant.diff for mutant in found} == {
        "-    paid = 0 * 1\n+    paid = 0 // 1",
        "-    paid = 0 * 1\n+    paid = 1 * 1",
        "-    paid = 0 * 1\n+    paid = 0 * 2",
    }


def test_takes_the_critical_modules_when_asked(sample: SampleProject) -> None:
    sample.write("backend/app/domain/prices.py", CODE)

    assert [*mutation_check._named(Project(root=sample.root, arguments=["critical"]))] == [
        "backend/app/domain/prices.py"
    ]


def test_refuses_a_name_when_it_matches_no_module(sample: SampleProject) -> None:
    with pytest.raises(GateError, match=r"No measured file matches app/nothing\.py"):
        check(Project(root=sample.root, arguments=["app/nothing.py"]))


def test_cannot_judge_when_a_worker_breaks_down(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_run_worker", lambda *_: [])

    with pytest.raises(GateError, match=rf"The mutant at {SHOP}:1 \(None\) could not be run"):
        check(sample.project)


def test_leaves_no_file_and_no_worker_when_it_is_killed(sample: SampleProject) -> None:
    sample.rule("test-seconds = 3", "test-seconds = 60")
    code = f"check(Project(root=Path({str(sample.root)!r})))"
    imports = (
        "from pathlib import Path; from gates.model import Project; from gates.mutation.check import check; "
    )
    gate = psutil.Popen([sys.executable, "-c", imports + code], cwd=Path(mutation_check.__file__).parents[2])
    results = sample.root / "reports/mutants/patch.results"
    limit = time.monotonic() + 60
    while not (results.exists() and results.read_text()) and time.monotonic() < limit:
        time.sleep(0.01)
    family = gate.children(recursive=True)

    gate.kill()
    gate.wait()
    _, alive = psutil.wait_procs(family, timeout=20)
    for process in alive:
        process.kill()

    assert family != []
    assert alive == []
    assert (sample.root / SHOP).read_text() == CODE
    assert sample.git("status", "--porcelain").split() == ["M", RULE_BOOK, "M", SHOP, "M", TEST]
