from collections.abc import Callable
from pathlib import Path

import pytest

from gates.coverage import new
from gates.coverage.data import Count
from gates.coverage.new import check, diff_cover
from gates.model import GateError
from gates.repo.git import merge_base
from tests.gates.support.parts.coverage import (
    COVERAGE,
    LEGACY,
    LEGACY_FILE,
    PRICES,
    SHOP,
    TEST,
    MeasuredProject,
)

TEST_OF_LEGACY = "backend/tests/test_legacy.py"
UNTESTED_FUNCTION = LEGACY[: LEGACY.index("def half_tested")]
FOUR_LINES = "    b = 1\n    c = 2\n    d = 3\n    e = 4\n"


@pytest.fixture
def judged_sample(tmp_path: Path) -> MeasuredProject:
    """A sample project that diff-cover judges as well, which takes a second."""
    return MeasuredProject.build(tmp_path, COVERAGE, branch="change")


@pytest.fixture
def sample(judged_sample: MeasuredProject, monkeypatch: pytest.MonkeyPatch) -> MeasuredProject:
    monkeypatch.setattr(new, "diff_cover", lambda *_: [])
    return judged_sample


def places(sample: MeasuredProject) -> list[str]:
    """Return the findings of the gate that name a file, as `file:line message`."""
    findings = check(sample.project).findings
    return [f"{finding.file}:{finding.line} {finding.message}" for finding in findings if finding.file]


# code, what its test does, the line of the code that is refused, and why
UNTESTED = {
    "function that is only imported": (
        "def added(a):\n    return a\n",
        "assert shop",
        2,
        "new code in line 6 is run by no test",
    ),
    "if on one line": (
        "def added(a):\n    if a: return 1\n    return 2\n",
        "assert (shop.added(0), shop.added(1)) == (2, 1)",
        2,
        "a statement stands behind another one on its line",
    ),
    "function on one line": ("def added(a): return a\n", "assert shop", 1, "stands behind another one"),
    "two statements on a line": (
        "def added(a):\n    a += 1; a += 2\n    return a\n",
        "assert shop.added(1) == 4",
        2,
        "stands behind another one",
    ),
    "condition that is never false": (
        "def added(a):\n    if a:\n        a += 1\n    return a\n",
        "assert shop.added(1) == 2",
        2,
        f"no test takes the new branch {SHOP}:6 → 8",
    ),
    "loop that never ends by itself": (
        "def added(a):\n    for b in a:\n        b += 1\n        return b\n",
        "assert shop.added([1]) == 2",
        2,
        f"no test takes the new branch {SHOP}:6 → exit",
    ),
    "condition marked no branch": (
        "def added(a):\n    if a:  # pragma: no branch\n        a += 1\n    return a\n",
        "assert shop.added(1) == 2",
        2,
        "no test takes the new branch",
    ),
    "function marked no cover": (
        "def added(a):  # pragma: no cover\n    return a\n",
        "assert shop",
        1,
        "lines 5-6 excluded from coverage without being declared",
    ),
    "condition that looks like an empty body": (
        "def added(a):\n    if (\n        a is\n        ...\n    ):\n        a = 1\n    return a\n",
        "assert shop.added(2) == 2",
        2,
        "excluded from coverage without being declared",
    ),
    "TYPE_CHECKING that is no such thing": (
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    added = 1\n",
        "assert shop",
        2,
        "lines 6-7 excluded",
    ),
    "handler that never runs": (
        "def added(a):\n    try:\n        return int(a)\n    except ValueError:\n        return 0\n",
        "assert shop.added(1) == 1",
        4,
        "new code in lines 8-9 is run by no test",
    ),
    "case that never matches": (
        "def added(a):\n    match a:\n        case 1:\n            a = 0\n        case 2:\n            a = 1",
        "assert shop.added(1) is None",
        5,
        "new code in lines 9-10 is run by no test",
    ),
}


@pytest.mark.parametrize("case", UNTESTED)
def test_refuses_new_code_when_no_test_runs_it(sample: MeasuredProject, case: str) -> None:
    code, test, line, message = UNTESTED[case]
    first = sample.add_code(code, test)
    sample.measure().commit()

    refused = places(sample)

    place = f"{SHOP}:{first + line - 1} "
    assert any(text.startswith(place) and message in text for text in refused), refused


TESTED = {
    "lines and branches": (
        "def added(a):\n    if a:\n        a += 1\n    return a\n",
        "assert (shop.added(0), shop.added(1)) == (0, 2)",
    ),
    "ternary and filter, which are no branches": (
        "def added(a):\n    return [b for b in a if b] if a else []\n",
        "assert shop.added([1]) == [1]",
    ),
    "protocol and imports for types": (
        """from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import decimal


class Added(Protocol):
    def one(
        self,
    ) -> "decimal.Decimal":
        '''Say one.'''
        ...

    def two(self) -> int: ...
""",
        "assert shop.Added",
    ),
    "twenty lines and one that no test runs": (
        "def added(a):\n" + FOUR_LINES * 5 + "    for b in a:\n        b += 1\n",
        "assert shop.added([]) is None",
    ),
}


@pytest.mark.parametrize("case", TESTED)
def test_passes_new_code_when_tests_run_it(judged_sample: MeasuredProject, case: str) -> None:
    judged_sample.add_code(*TESTED[case])
    if "twenty" in case:
        judged_sample.rule("new = { lines = 95, branches = 90 }", "new = { lines = 95, branches = 50 }")

    outcome = check(judged_sample.measure().project)

    assert outcome.status == "passed", outcome.findings
    assert f"of {outcome.checked} lines" in outcome.note
    assert "shop" in (judged_sample.root / "reports/new-code.html").read_text()
    assert f"**Total**: {outcome.checked} lines" in (judged_sample.root / "reports/new-code.md").read_text()


def test_refuses_new_branch_when_nearly_all_lines_are_run(sample: MeasuredProject) -> None:
    """One half-tested condition among forty lines: all lines are covered, but half of the branches."""
    code = "def added(a):\n" + FOUR_LINES * 10 + "    if a:\n        a += 1\n    return a\n"
    sample.add_code(code, "assert shop.added(1) == 2")

    assert places(sample.measure()) == [f"{SHOP}:46 no test takes the new branch {SHOP}:46 → 48"]


def test_refuses_new_lines_when_diff_cover_counts_too_few(judged_sample: MeasuredProject) -> None:
    judged_sample.add_code("def added(a):\n    return a\n", "assert shop")

    messages = [finding.message for finding in check(judged_sample.measure().project).findings]

    assert messages[0].startswith("tests cover 50.00 % of the lines of the new code, but 95 % is the least")
    assert "**Coverage**: 50%" in (judged_sample.root / "reports/new-code.md").read_text()


def test_cannot_judge_when_diff_cover_writes_no_report(judged_sample: MeasuredProject) -> None:
    judged_sample.add_code("def added(a):\n    return a\n", "assert shop.added(1) == 1")
    (judged_sample.measure().root / new.HTML_REPORT).mkdir()

    with pytest.raises(GateError, match=r"diff-cover could not run: (.|\n)*IsADirectoryError"):
        check(judged_sample.project)


def test_refuses_counts_when_diff_cover_counts_others(judged_sample: MeasuredProject) -> None:
    project = judged_sample.measure().project

    (finding,) = diff_cover(project, merge_base(project), {}, Count(4, 4))

    assert finding.message == "diff-cover judges 0 new lines, but 4 were measured"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("        b,\n", "        b + 1,\n", "new code in line 2 is run by no test"),
        ("        and b\n", "        and b > 0\n", f"no test takes the new branch {LEGACY_FILE}:9 → 14"),
    ],
    ids=["of a call", "of a condition"],
)
def test_refuses_statement_when_its_continuation_line_changes(
    sample: MeasuredProject, old: str, new: str, message: str
) -> None:
    sample.replace(LEGACY_FILE, old, new).commit()

    assert any(message in place for place in places(sample.measure()))


@pytest.mark.parametrize("state", ["committed", "staged", "unstaged", "untracked"])
def test_refuses_untested_file_when_it_is(sample: MeasuredProject, state: str) -> None:
    sample.write("backend/app/added.py", "a = 1\n")
    if state == "committed":
        sample.commit()
    if state in {"staged", "unstaged"}:
        sample.git("add", "--all")
    if state == "unstaged":
        sample.write("backend/app/added.py", "a = 1\nb = 2\n")

    lines = "lines 1-2" if state == "unstaged" else "line 1"
    assert places(sample.measure()) == [f"backend/app/added.py:1 new code in {lines} is run by no test"]


@pytest.mark.parametrize(
    "hiding",
    [
        {".gitattributes": "*.py -diff\n"},
        {".gitattributes": "*.py diff=no\n", ".git/config": '[diff "no"]\n\tcommand = true\n'},
        {".gitattributes": "*.py diff=no\n", ".git/config": '[diff "no"]\n\ttextconv = true\n'},
        {".git/config": "[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n\trenames = copies\n"},
        {".git/config": "[color]\n\tui = always\n[diff]\n\trelative = false\n\tinterHunkContext = 5\n"},
    ],
    ids=["attribute", "external diff", "text conversion", "prefixes", "colours"],
)
def test_refuses_untested_code_when_git_is_told_to_hide_it(
    sample: MeasuredProject, hiding: dict[str, str]
) -> None:
    for name, text in hiding.items():
        with (sample.root / name).open("a", encoding="utf-8") as file:
            file.write(text)
    sample.replace(LEGACY_FILE, "        b,\n", "        b + 1,\n").commit()

    assert f"{LEGACY_FILE}:2 new code in line 2 is run by no test" in places(sample.measure())


def test_refuses_moved_file_when_it_was_not_measured_before(sample: MeasuredProject) -> None:
    sample.write("docs/legacy.py", LEGACY.replace("tested", "new")).commit()
    sample.git("branch", "--force", "main")
    sample.git("mv", "docs/legacy.py", "backend/app/moved.py")
    sample.commit()

    message = "new code in lines 1-2, 8-9, 13-14 is run by no test"
    assert f"backend/app/moved.py:1 {message}" in places(sample.measure())


def test_refuses_untested_lines_when_git_sees_no_end_of_line(sample: MeasuredProject) -> None:
    text = "def greet():\n    return 'hello'\n\n\ndef added():\r    return 1\r"
    (sample.root / SHOP).write_bytes(text.encode())

    assert places(sample.measure()) == [f"{SHOP}:6 new code in line 6 is run by no test"]


def test_refuses_file_when_coverage_is_told_to_omit_it(sample: MeasuredProject) -> None:
    sample.write("backend/app/added.py", "a = 1\n")
    sample.replace("backend/pyproject.toml", "branch = true\n", 'branch = true\nomit = ["*/added.py"]\n')

    message = "the tests did not measure this file: all of it counts as untested"
    assert places(sample.measure()) == [f"backend/app/added.py:0 {message}"]


def test_passes_excluded_code_when_the_rule_book_declares_it(sample: MeasuredProject) -> None:
    sample.add_code("def added():  # pragma: no cover\n    return 1\n\n\nused = 1\n")
    sample.rule(
        "[rules]",
        '[[exclusions]]\nkind = "coverage"\npath = "app/shop.py"\nrules = ["x"]\nreason = "r"\n[rules]',
    )

    assert check(sample.measure().project).status == "passed"


Edit = Callable[[MeasuredProject], object]


@pytest.mark.parametrize(
    "edit",
    [
        lambda sample: sample.remove(TEST),
        lambda sample: sample.replace(PRICES, "def", "# why\n\ndef"),
        lambda sample: sample.replace(LEGACY_FILE, "        a += 1\n", "        # why\n\n        a += 1\n"),
        lambda sample: sample.replace(LEGACY_FILE, UNTESTED_FUNCTION, ""),
        lambda sample: (
            sample.git("mv", LEGACY_FILE, "backend/app/moved.py") + str(sample.remove(TEST_OF_LEGACY))
        ),
        lambda sample: sample.write("docs/added.py", "a = 1\n"),
        lambda sample: sample.write("backend/app/template.txt", "text\n"),
    ],
    ids=["test", "comment", "comment in an if", "deleted lines", "moved file", "elsewhere", "no code"],
)
def test_says_that_nothing_is_new_when_only_this_changed(sample: MeasuredProject, edit: Edit) -> None:
    edit(sample)

    outcome = check(sample.measure().project)

    assert outcome.status == "skipped", outcome.findings
    assert "is new since main (" in outcome.skipped


def test_cannot_judge_when_a_file_changed_after_the_tests(sample: MeasuredProject) -> None:
    sample.add_code("def added():\n    return 1\n", "assert shop.added() == 1")
    sample.measure().replace("backend/tests/test_extra.py", "== 1", "== 2")

    with pytest.raises(GateError, match=r"old: backend/tests/test_extra.py changed .* run `./noxw -s tests`"):
        check(sample.project)


def test_cannot_judge_when_the_tests_have_not_run(sample: MeasuredProject) -> None:
    sample.add_code("def added():\n    return 1\n")

    with pytest.raises(GateError, match="no coverage data of a full, passed test run"):
        check(sample.project)
