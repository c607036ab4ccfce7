"""The scaffolds write into a copy of the checkout, whose gates and new tests then pass."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from devtools.databases import scratch_databases
from gates.contract.openapi import write_snapshot
from gates.model import Project
from gates.testing.result_cache.folders import NO_SOURCES
from scaffold import __main__ as command_line
from scaffold.endpoint import plan_endpoint
from scaffold.entity import plan_entity
from scaffold.errors import ScaffoldError
from scaffold.field import plan_field
from scaffold.plan import Plan
from scaffold.specification import parse_entity
from tests.support.checkout_copies import copy_checkout, copy_results

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 29)
AUTHOR = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in {"NAME": "A", "EMAIL": "a@example.org"}.items()
}
GATES = (
    *("format", "lint", "types", "layers", "imports", "handlers", "structure", "openapi", "routes"),
    *("migration-head", "migration-code", "migration-drift"),
)
PRINT_FINDINGS = """
import sys
from pathlib import Path
from gates.model import Project
from gates.registry import CHECKS

project = Project(root=Path.cwd().parent)
for finding in (finding for gate in sys.argv[1:] for finding in CHECKS[gate](project).findings):
    print(finding)
"""
LOAN = [
    "title:text200",
    "days:int1-30",
    "due_on:date?",
    "status:OPEN,RETURNED",
    "verb:return",
    "owner:borrower",
]
PERSON = [
    "fragile:bool",
    "notes:lines300",
    "fee:decimal0.50-99.50",
    "weight:int1-9?",
    "due_at:datetime",
    "size:SMALL,LARGE?",
    "owner:author",
]


def git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of this checkout, committed, with a database server of its own name only."""
    for name, value in AUTHOR.items():
        monkeypatch.setenv(name, value)
    copy = tmp_path / "checkout"
    copy_checkout(copy)
    copy_results(copy)
    git(copy, "init", "--quiet", "--initial-branch=main")
    commit(copy)
    monkeypatch.setenv("PAU2_BASE", git(copy, "rev-parse", "HEAD"))
    with scratch_databases() as scratch:
        monkeypatch.setenv("DATABASE_URL", scratch.create_database())
        yield copy
    shutil.rmtree(copy)


def commit(checkout: Path) -> None:
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--no-verify", "--message=Add code")


def test_passes_gates_and_tests_when_everything_is_generated(checkout: Path) -> None:
    def write(fill: Callable[[Plan], None]) -> list[str]:
        plan = Plan(checkout)
        fill(plan)
        plan.write()
        commit(checkout)
        return plan.new

    spec = parse_entity("tool_loan", LOAN, exports=True)
    written = write(lambda plan: plan_entity(plan, spec, today=TODAY))
    person = parse_entity("person", PERSON, plural="people")
    written += write(lambda plan: plan_entity(plan, person, today=TODAY))
    written += write(lambda plan: plan_endpoint(plan, "news", "unpublish", []))
    written += write(lambda plan: plan_endpoint(plan, "tool_loans", "reopen", ["from:RETURNED", "to:OPEN"]))
    written += write(lambda plan: plan_field(plan, "news", "subtitle:text200?", today=TODAY))
    written += write(lambda plan: plan_field(plan, "tool_loans", "back_on:date?", today=TODAY))
    written += write(lambda plan: plan_field(plan, "people", "discount:decimal0.0-50.0?", today=TODAY))
    written += write(lambda plan: plan_field(plan, "events", "seats:int1-500?", today=TODAY))
    write_snapshot(Project(root=checkout))
    commit(checkout)

    assert run(checkout, "-c", PRINT_FINDINGS, *GATES) == ""
    tests = [name.removeprefix("backend/") for name in written if Path(name).name.startswith("test_")]
    run(checkout, "-m", "pytest", "-q", "-n0", "-pno:cacheprovider", *tests, *AFFECTED_TESTS)


AFFECTED_TESTS = (
    *(
        "tests/unit/test_policy.py",
        "tests/unit/test_reads_and_exports.py",
        "tests/integration/test_personal_data.py",
    ),
    *("tests/api/test_contract.py", "tests/contract/test_news.py", "tests/contract/test_events.py"),
)


def run(checkout: Path, *arguments: str) -> str:
    """Run Python in the copy; return its output."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout / "backend",
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the sources that the scaffold of an endpoint reads and edits."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("app", "tests", "alembic"):
        ignored = shutil.ignore_patterns(*NO_SOURCES)
        shutil.copytree(ROOT / "backend" / name, folder / "backend" / name, ignore=ignored)
    shutil.copy(ROOT / "backend/pyproject.toml", folder / "backend")
    (folder / "changelog.d").mkdir()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in AUTHOR.items():
            environment.setenv(name, value)
        git(folder, "init", "--quiet")
        commit(folder)
    return folder


@pytest.fixture
def small(sources: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The checkout with the sources, which is restored after the test."""
    monkeypatch.setattr(command_line, "ROOT", sources)
    yield sources
    git(sources, "restore", ".")
    git(sources, "clean", "-d", "--force", "--quiet")


def test_prints_the_diff_and_writes_nothing_when_dry(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["endpoint", "news", "unpublish", "--dry-run"]) == 0

    diff = capsys.readouterr().out
    assert "+++ b/backend/tests/api/test_news_unpublish.py\n" in diff
    assert "+    def unpublish(self, at: datetime) -> None:\n" in diff
    assert git(small, "status", "--porcelain") == ""


def test_refuses_when_a_file_has_uncommitted_changes(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    news = small / "backend/app/domain/news.py"
    news.write_text(f"{news.read_text()}\n")

    assert command_line.main(["endpoint", "news", "unpublish"]) == 2

    error = capsys.readouterr().err
    assert error.startswith(
        "endpoint: These files have changes that are not committed: backend/app/domain/news.py."
    )
    assert "`git restore .` can undo the scaffold" in error
    assert git(small, "status", "--porcelain") == "M backend/app/domain/news.py"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["endpoint", "news", "withdraw"], "Say from which status to which 'withdraw' leads, such as ./noxw"),
        (["endpoint", "news", "unread"], "Article has these: DRAFT, PUBLISHED, ARCHIVED."),
        (["endpoint", "news", "lose", "from:DRAFT", "to:GONE"], "Say from which status to which"),
        (["endpoint", "news", "lose", "from:DRAFT", "to:DRAFT"], "A verb leads from one status to another"),
        (
            ["endpoint", "news", "archive", "from:DRAFT", "to:ARCHIVED"],
            "Article has a method archive already",
        ),
        (
            ["endpoint", "poems", "publish"],
            "backend/app/domain/poems.py does not exist. Name a feature by its",
        ),
        (["field", "consultations", "notes:lines200?"], "consultations has several modules in its domain"),
        (
            ["endpoint", "auth", "publish"],
            "has no entity with a draft, such as Article and ArticleDraft in news",
        ),
        (["field", "news", "subtitle:text200"], "A required field breaks the requests of clients"),
        (["field", "news", "tone:DARK,LIGHT?"], "A new enumeration of existing rows needs a check"),
        (["field", "news", "summary:text200?"], "Article has summary already. Use another name."),
        (["field", "News", "summary:text200?"], "'News' cannot name a feature"),
        (
            ["entity", "poem", "title:text200", "owner:poet", "--plural", "news"],
            "news.py exists. Choose another",
        ),
    ],
)
def test_says_what_to_do_when_it_cannot_write(
    arguments: list[str], message: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(arguments) == 2

    assert message in capsys.readouterr().err
    assert git(small, "status", "--porcelain") == ""


def test_names_the_module_when_its_anchor_is_missing(small: Path) -> None:
    module = small / "backend/tests/unit/test_policy.py"
    module.write_text(module.read_text().replace("USE_CASES", "CALLS"))

    with pytest.raises(ScaffoldError, match=r"backend/tests/unit/test_policy\.py: it has no USE_CASES\["):
        plan_endpoint(Plan(small), "news", "unpublish", [])


def test_names_the_heads_when_revisions_have_two(small: Path) -> None:
    head = small / "backend/alembic/versions/2026-11-29_other.py"
    head.write_text('revision: str = "aaaaaaaaaaaa"\ndown_revision: str | None = None\n')

    with pytest.raises(ScaffoldError, match="The revisions have 2 heads"):
        plan_field(Plan(small), "news", "subtitle:text200?", today=TODAY)
