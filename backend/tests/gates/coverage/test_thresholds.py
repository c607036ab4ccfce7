from collections.abc import Callable
from pathlib import Path

import pytest

from gates.coverage.data import Count, write_report
from gates.coverage.thresholds import check_critical, check_global, line_ranges
from gates.model import GateError
from tests.gates.support.parts.coverage import (
    COVERAGE,
    LEGACY_FILE,
    PRICES,
    SHOP,
    TEST,
    MeasuredProject,
)
from tests.gates.support.sample_project import RULE_BOOK

Edit = Callable[[MeasuredProject], object]


@pytest.fixture
def sample(tmp_path: Path) -> MeasuredProject:
    """A sample project whose code is all tested."""
    sample = MeasuredProject.build(tmp_path, COVERAGE, branch="change")
    return sample.remove(LEGACY_FILE).remove("backend/tests/test_legacy.py")


def test_passes_when_all_code_is_tested(sample: MeasuredProject) -> None:
    outcome = check_global(sample.measure().project)

    assert outcome.status == "passed", outcome.findings
    assert outcome.note == "lines 100.00 %, branches none; lines by folder: backend/app 100.00 %"


def link_folder(sample: MeasuredProject) -> None:
    sample.write("docs/hidden.py", "def hidden():\n    return 1\n")
    (sample.root / "backend/app/linked").symlink_to("../../docs")


GLOBAL: dict[str, tuple[Edit, str, str]] = {
    "a function that nobody calls": (
        lambda sample: sample.add_code("def added(a):\n    a += 1\n    a += 2\n    return a\n"),
        "",
        "tests cover 62.50 % of the lines of all code, but 90 % is the least (3 of 8 are missing)",
    ),
    "half of the branches": (
        lambda sample: sample.add_code(
            "def added(a):\n    if a:\n        a += 1\n", "assert shop.added(1) is None"
        ),
        "",
        "tests cover 50.00 % of the branches of all code, but 85 % is the least (1 of 2 are missing)",
    ),
    "a module that nobody imports": (
        lambda sample: sample.write("backend/app/added.py", "\n".join(f"a = {i}" for i in range(9))),
        "",
        "tests cover 30.76 % of the lines",
    ),
    "a folder that is no package": (
        lambda sample: sample.write("backend/app/folder/added.py", "\n".join(f"a = {i}" for i in range(9))),
        "",
        "tests cover 30.76 % of the lines",
    ),
    "a module that coverage omits": (
        lambda sample: sample.replace(
            "backend/pyproject.toml", "branch = true\n", 'branch = true\nomit = ["*/shop.py"]\n'
        ),
        SHOP,
        "the tests did not measure this file",
    ),
    "a folder that coverage does not list": (
        lambda sample: sample.replace("backend/pyproject.toml", "packages = true", "packages = false").write(
            "backend/app/folder/added.py", "a = 1\n"
        ),
        "backend/app/folder/added.py",
        "the tests did not measure this file",
    ),
    "a function marked no cover": (
        lambda sample: sample.add_code("def added(a):  # pragma: no cover\n    return a\n"),
        SHOP,
        "lines 5-6 excluded from coverage without being declared",
    ),
    "lines that the configuration excludes": (
        lambda sample: sample.replace(
            "backend/pyproject.toml",
            "[tool.coverage.report]",
            "[tool.coverage.report]\nexclude_also = ['added']",
        ).add_code("def added(a):\n    a += 1\n    a += 2\n    return a\n"),
        "",
        "tests cover 62.50 % of the lines",
    ),
    "a linked folder": (link_folder, "backend/app/linked", "code behind a symbolic link"),
}


@pytest.mark.parametrize("case", GLOBAL)
def test_refuses_all_code_when_there_is(sample: MeasuredProject, case: str) -> None:
    edit, file, message = GLOBAL[case]
    edit(sample)

    findings = check_global(sample.measure().project).findings

    assert any(finding.file == file and finding.message.startswith(message) for finding in findings), findings


def test_refuses_when_a_share_would_round_up_to_the_threshold() -> None:
    assert not Count(94_999, 100_000).reaches(95)
    assert str(Count(94_999, 100_000)) == "94.99 %"
    assert Count(95_000, 100_000).reaches(95)
    assert Count(0, 0).reaches(100)


def test_cannot_judge_when_the_configuration_changed(sample: MeasuredProject) -> None:
    sample.measure().replace("backend/pyproject.toml", "branch = true", "branch = false")

    with pytest.raises(GateError, match=r"old: backend/pyproject.toml changed"):
        check_global(sample.project)


SAME_CODE = {
    "a comment": ("    return 'hello'\n", "    return 'hello'  # in English\n"),
    "the form of a literal": ("'hello'", '"hello"'),
    "spaces": ("return 'hello'", "return ('hello')"),
    "a comment at the end": ("    return 'hello'\n", "    return 'hello'\n\n# and nothing else\n"),
}
OTHER_CODE = {
    "a line above the code": ("def greet", "# polite\ndef greet"),
    "a string": ("'hello'", "'bye'"),
    "a name": ("def greet()", "def greet(name='')"),
    "its syntax": ("def greet()", "def greet("),
}


@pytest.mark.parametrize("case", SAME_CODE)
def test_judges_by_the_last_run_when_nothing_changed_but(sample: MeasuredProject, case: str) -> None:
    sample.measure().replace(SHOP, *SAME_CODE[case])

    assert check_global(sample.project).checked


@pytest.mark.parametrize("case", OTHER_CODE)
def test_refuses_last_run_when_the_code_has_changed_since_by(sample: MeasuredProject, case: str) -> None:
    sample.measure().replace(SHOP, *OTHER_CODE[case])

    with pytest.raises(GateError, match=rf"old: {SHOP} changed since the tests ran; run `\./noxw -s tests`"):
        check_global(sample.project)


def test_cannot_judge_when_branches_are_not_measured(sample: MeasuredProject) -> None:
    sample.replace("backend/pyproject.toml", "branch = true", "branch = false").measure()

    with pytest.raises(GateError, match="measured no branches: set `branch = true`"):
        check_global(sample.project)


def test_cannot_report_when_no_test_was_measured(sample: MeasuredProject) -> None:
    sample.write("reports/coverage/.keep")

    with pytest.raises(GateError, match=r"coverage cannot report \(No data to report\.\): run `"):
        write_report(sample.project)


def test_passes_when_each_critical_module_is_tested(sample: MeasuredProject) -> None:
    outcome = check_critical(sample.measure().project)

    assert (outcome.status, outcome.note) == ("passed", "2 modules")


CRITICAL: dict[str, tuple[Edit, str, str]] = {
    "is untested among tested ones": (
        lambda sample: sample.write("backend/app/domain/costs.py", "a = 1\n"),
        "backend/app/domain/costs.py",
        "tests cover 0.00 % of the lines of this module, but 95 % is the least (1 of 1 are missing)",
    ),
    "is half tested": (
        lambda sample: sample.write(
            PRICES, "def double(price):\n    if price:\n        price *= 2\n    return price\n"
        ),
        PRICES,
        "tests cover 50.00 % of the branches of this module, but 90 % is the least",
    ),
    "is omitted": (
        lambda sample: sample.replace(
            "backend/pyproject.toml", "branch = true\n", 'branch = true\nomit = ["*/prices.py"]\n'
        ),
        PRICES,
        "the tests did not measure this file",
    ),
    "moved away from its rule": (
        lambda sample: sample.remove(PRICES).remove(TEST),
        RULE_BOOK,
        "no measured code matches app/domain/**: critical code moved out of its rule",
    ),
}


@pytest.mark.parametrize("case", CRITICAL)
def test_refuses_critical_module_when_it(sample: MeasuredProject, case: str) -> None:
    edit, file, message = CRITICAL[case]
    edit(sample)

    findings = check_critical(sample.measure().project).findings

    assert (file, message) in [(finding.file, finding.message[: len(message)]) for finding in findings], (
        findings
    )


def test_names_gaps_when_a_critical_module_is_half_tested(sample: MeasuredProject) -> None:
    sample.write(PRICES, "def double(price):\n    if price:\n        return price * 2\n    return price\n")

    fixes = {finding.fix for finding in check_critical(sample.measure().project).findings}

    assert fixes == {"test line 4, 2 → 4"}


def test_names_the_worst_files_when_all_code_falls_short(sample: MeasuredProject) -> None:
    sample.write("backend/app/added.py", "a = 1\nb = 2\n")

    fixes = [finding.fix for finding in check_global(sample.measure().project).findings]

    assert fixes[0].startswith("most is missing in backend/app/added.py (0.00 %), ")


@pytest.mark.parametrize(("lines", "text"), [({3}, "line 3"), ({9, 3, 4, 5}, "lines 3-5, 9")])
def test_names_lines_as_ranges_when_they_are_neighbours(lines: set[int], text: str) -> None:
    assert line_ranges(lines) == text
