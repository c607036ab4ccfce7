"""R12, R13: tests that fail, and code that they do not run."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.all_gates import TEST
from tests.gates.support.parts.application import DOMAIN, MAIN, REPOSITORY
from tests.gates.support.sample_project import RULE_BOOK

NAMED = "\n\ndef name(app: FastAPI) -> str:\n    return str(app)\n"
CHOICE = "\n\ndef positive(value: int) -> int:\n    if value < 0:\n        value = 0\n    return value\n"
RUN_IT = "write a test that runs it"

CASES = [
    InvalidCase(
        id="a test that fails",
        gate="tests",
        change=lambda sample: sample.replace(TEST, "assert ArticleId(1)", "assert 0 * ArticleId(1)"),
        file=TEST,
        line="assert 0",
        message="test_an_id_is_a_number: assert (0 * 1) == 1",
        fix="./noxw -s tests -- tests/unit/test_news.py::test_an_id_is_a_number",
    ),
    InvalidCase(
        id="a test that is skipped, by another name",
        gate="tests",
        change=lambda sample: sample.replace(
            TEST, "from app", "import pytest as framework\n\nfrom app"
        ).append(TEST, '\n\ndef test_nothing() -> None:\n    framework.skip("later")\n'),
        file=TEST,
        line="def test_nothing",
        message="test_nothing did not run: it was skipped",
        fix="let it run",
    ),
    InvalidCase(
        id="a test class that pytest does not collect",
        gate="tests",
        change=lambda sample: sample.append(
            TEST, "\n\nclass TestIds:\n    __test__ = False\n\n    def test_none(self) -> None: ...\n"
        ),
        file=TEST,
        line="def test_none",
        message="test_none did not run",
        fix="let it run",
    ),
    InvalidCase(
        id="a test that only runs the code",
        gate="mutants",
        change=lambda sample: (
            sample.append(DOMAIN, "\n\ndef double(value: int) -> int:\n    return value + value\n")
            .replace(TEST, "import ArticleId\n", "import ArticleId, double\n")
            .append(TEST, "\n\ndef test_doubles() -> None:\n    double(1)\n")
        ),
        file=DOMAIN,
        line="return value + value",
        message="this mutant",
        fix="assert what the statement is for",
    ),
    InvalidCase(
        id="a module that no test runs",
        gate="coverage-global",
        change=lambda sample: sample.write(
            "backend/app/infrastructure/prices.py", "".join(f"PRICE_{n} = {n}\n" for n in range(20))
        ),
        untested={"backend/app/infrastructure/prices.py": ""},
        file="",
        message="of the lines of all code, but 90 % is the least (20 of",
        fix="most is missing in backend/app/infrastructure/prices.py (0.00 %)",
        also_rejected_by=("coverage-new", "coverage-trend"),
    ),
    InvalidCase(
        id="a critical module whose test is gone",
        gate="coverage-critical",
        change=lambda sample: sample.replace(TEST, "ArticleId(1) == 1", "ArticleId is not None"),
        untested={DOMAIN: "ArticleId ="},
        file=DOMAIN,
        message="tests cover 50.00 % of the lines of this module, but 95 % is the least",
        fix="test line 3",
        also_rejected_by=("coverage-trend",),
    ),
    InvalidCase(
        id="critical code that moved out of its rule",
        gate="coverage-critical",
        change=lambda sample: sample.rule(
            'critical-modules = ["app/domain/**"]', 'critical-modules = ["app/domain/**", "app/rules/**"]'
        ),
        file=RULE_BOOK,
        line="critical-modules",
        message="no measured code matches app/rules/**",
        fix="change the pattern to the place where the code is now",
    ),
    InvalidCase(
        id="a new function that no test calls",
        gate="coverage-new",
        change=lambda sample: sample.append(MAIN, NAMED),
        untested={MAIN: "return str(app)"},
        file=MAIN,
        line="return str(app)",
        message="new code in line 15 is run by no test",
        fix=RUN_IT,
        also_rejected_by=("coverage-trend",),
    ),
    InvalidCase(
        id="a new condition that is never true",
        gate="coverage-new",
        change=lambda sample: sample.append(REPOSITORY, CHOICE),
        untested={REPOSITORY: "value = 0"},
        file=REPOSITORY,
        line="if value < 0",
        message="no test takes the new branch",
        fix="write a test for this outcome of the condition",
        also_rejected_by=("coverage-trend", "coverage-global"),
    ),
    InvalidCase(
        id="two statements on a line, of which one never runs",
        gate="coverage-new",
        change=lambda sample: sample.append(REPOSITORY, "\n\ndef same(value: int) -> int: return value\n"),
        file=REPOSITORY,
        line="def same",
        message="a statement stands behind another one on its line",
        fix="give it a line of its own",
        also_rejected_by=("format",),
    ),
    InvalidCase(
        id="a test less",
        gate="coverage-trend",
        change=lambda sample: sample.append(TEST, "\n\ndef test_nothing() -> None: ...\n"),
        untested={REPOSITORY: "table = Table"},
        file="",
        message="the change lowers the coverage of lines from 100.00 % (0 uncovered)",
        fix="test what the change adds or what lost its test",
    ),
]
