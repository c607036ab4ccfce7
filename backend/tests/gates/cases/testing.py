"""R12, R13: tests that fail, and code that they do not run."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import DOMAIN, MAIN, REPOSITORY, TEST
from tests.gates.support.sample_project import RULE_BOOK

NAMED = "\n\ndef name(app: FastAPI) -> str:\n    return str(app)\n"
CHOICE = "\n\ndef positive(value: int) -> int:\n    if value < 0:\n        value = 0\n    return value\n"
RUN_IT = "write a test that runs it"

ENTRIES = [
    Violation(
        what="a test that fails",
        gate="tests",
        change=lambda twin: twin.replace(TEST, "assert ArticleId(1)", "assert 0 * ArticleId(1)"),
        file=TEST,
        line="assert 0",
        says="test_an_id_is_a_number: assert (0 * 1) == 1",
        fix="./noxw -s tests -- tests/unit/test_news.py::test_an_id_is_a_number",
    ),
    Violation(
        what="a test that is skipped, by another name",
        gate="tests",
        change=lambda twin: twin.replace(TEST, "from app", "import pytest as framework\n\nfrom app").append(
            TEST, '\n\ndef test_nothing() -> None:\n    framework.skip("later")\n'
        ),
        file=TEST,
        line="def test_nothing",
        says="test_nothing did not run: it was skipped",
        fix="let it run",
    ),
    Violation(
        what="a test class that pytest does not collect",
        gate="tests",
        change=lambda twin: twin.append(
            TEST, "\n\nclass TestIds:\n    __test__ = False\n\n    def test_none(self) -> None: ...\n"
        ),
        file=TEST,
        line="def test_none",
        says="test_none did not run",
        fix="let it run",
    ),
    Violation(
        what="a test that only runs the code",
        gate="mutants",
        change=lambda twin: (
            twin.append(DOMAIN, "\n\ndef double(value: int) -> int:\n    return value + value\n")
            .replace(TEST, "import ArticleId\n", "import ArticleId, double\n")
            .append(TEST, "\n\ndef test_doubles() -> None:\n    double(1)\n")
        ),
        file=DOMAIN,
        line="return value + value",
        says="this mutant",
        fix="assert what the statement is for",
    ),
    Violation(
        what="a module that no test runs",
        gate="coverage-global",
        change=lambda twin: twin.write(
            "backend/app/infrastructure/prices.py", "".join(f"PRICE_{n} = {n}\n" for n in range(20))
        ),
        untested={"backend/app/infrastructure/prices.py": ""},
        file="",
        says="of the lines of all code, but 90 % is the least (20 of",
        fix="most is missing in backend/app/infrastructure/prices.py (0.00 %)",
        also=("coverage-new", "coverage-trend"),
    ),
    Violation(
        what="a critical module whose test is gone",
        gate="coverage-critical",
        change=lambda twin: twin.replace(TEST, "ArticleId(1) == 1", "ArticleId is not None"),
        untested={DOMAIN: "ArticleId ="},
        file=DOMAIN,
        says="tests cover 50.00 % of the lines of this module, but 95 % is the least",
        fix="test line 3",
        also=("coverage-trend",),
    ),
    Violation(
        what="critical code that moved out of its rule",
        gate="coverage-critical",
        change=lambda twin: twin.rule(
            'critical-modules = ["app/domain/**"]', 'critical-modules = ["app/domain/**", "app/rules/**"]'
        ),
        file=RULE_BOOK,
        line="critical-modules",
        says="no measured code matches app/rules/**",
        fix="name the place where the code is now",
    ),
    Violation(
        what="a new function that no test calls",
        gate="coverage-new",
        change=lambda twin: twin.append(MAIN, NAMED),
        untested={MAIN: "return str(app)"},
        file=MAIN,
        line="return str(app)",
        says="new code in line 15 is run by no test",
        fix=RUN_IT,
        also=("coverage-trend",),
    ),
    Violation(
        what="a new condition that is never true",
        gate="coverage-new",
        change=lambda twin: twin.append(REPOSITORY, CHOICE),
        untested={REPOSITORY: "value = 0"},
        file=REPOSITORY,
        line="if value < 0",
        says="no test takes the new branch",
        fix="write a test for this outcome of the condition",
        also=("coverage-trend", "coverage-global"),
    ),
    Violation(
        what="two statements on a line, of which one never runs",
        gate="coverage-new",
        change=lambda twin: twin.append(REPOSITORY, "\n\ndef same(value: int) -> int: return value\n"),
        file=REPOSITORY,
        line="def same",
        says="a statement stands behind another one on its line",
        fix="give it a line of its own",
        also=("format",),
    ),
    Violation(
        what="a test less",
        gate="coverage-trend",
        change=lambda twin: twin.append(TEST, "\n\ndef test_nothing() -> None: ...\n"),
        untested={REPOSITORY: "table = Table"},
        file="",
        says="the change lowers the coverage of lines from 100.00 % (0 uncovered)",
        fix="test what the change adds or what lost its test",
    ),
]
