"""Every kind of edit, and the tests that must run again."""

import shutil
from pathlib import Path

import pytest

from tests.gates.support.sample_project import RULE_BOOK, SampleProject
from tests.gates.testing.result_cache.sample import TESTS, cached_run, edited, recorded_sample, run, selected

ALL_FILES = {f"tests/test_{name}.py" for name in TESTS}


def names(file: str, *tests: str) -> set[str]:
    """Return the names of tests of a file."""
    return {f"tests/test_{file}.py::{test}" for test in tests or ("test_it",)}


CHILDREN = names("children")
IMPORTED = {
    "decorator": ("decorator.py", "@twice", "@once"),
    "attribute": ("attribute.py", "open = True", "open = False"),
    "enumeration": ("enumeration.py", "ADMIN = 2", "ADMIN = 2\n    GUEST = 3"),
    "derived": ("derived.py", "Child(Left)", "Child(Right)"),
    "exports": ("exports/__init__.py", "exports.one", "exports.two"),
    "record": ("record.py", "first: int\n    second: int", "second: int\n    first: int"),
}
"""Edits of code that runs on import: test files that import it must be collected again."""


@pytest.mark.parametrize("name", IMPORTED)
def test_runs_what_imports_edited_code(name: str, tmp_path: Path) -> None:
    file, old, new = IMPORTED[name]
    project = edited(tmp_path, {f"backend/app/{file}": (old, new)})
    assert selected(project, recorded_sample()[1]) == {f"tests/test_{name}.py"} | CHILDREN


RATES = names("constant") | names("mentions", "test_indirectly", "test_by_text", "test_with_alias")
COPIES = names("copies", "test_starts_a_program")
LISTER = names("mentions", "test_lists_names")
MENTIONED = {
    "constant": ("constant.py", "RATE = 2", "RATE = 3", RATES | COPIES | LISTER),
    "constant that is deleted": ("constant.py", "RATE = 2\n", "", RATES | COPIES | LISTER),
    "constant that is new": ("constant.py", "RATE", "NEW = 1\nRATE", COPIES | LISTER),
    "constant elsewhere of the same name": ("unused.py", "def", "RATE = 9\n\n\ndef", set[str]()),
    "constant that calls": (
        "constant.py",
        "RATE",
        "NEW = print()\nRATE",
        {"tests/test_constant.py", "tests/test_mentions.py"} | COPIES,
    ),
    "constant of a class": ("mentions.py", "SIDES = 3", "SIDES = 4", {"tests/test_mentions.py"}),
    "function that is new": ("default.py", "def", "def fresh():\n    return 1\n\n\ndef", set[str]()),
    "default": ("default.py", "by=2", "by=3", names("default")),
    "type alias": ("alias.py", "int", "float", names("alias")),
    "generator": ("shape.py", "return [1]", "yield 1", names("shape")),
    "docstring of a module": ("shape.py", '"""Shapes."""', '"""Shape."""', set[str]()),
    "docstring of a constant": ("shape.py", '"""Two."""', '"""2."""', set[str]()),
}
"""Edits of constants and plain functions: only tests that execute code with their names must run again."""


@pytest.mark.parametrize("name", MENTIONED)
def test_runs_what_mentions_an_edited_name(name: str, tmp_path: Path) -> None:
    file, old, new, expected = MENTIONED[name]
    project = edited(tmp_path, {f"backend/app/{file}": (old, new)})
    assert selected(project, recorded_sample()[1]) == expected | CHILDREN


BODIES = {
    "function": (
        "app/constant.py",
        "net * RATE",
        "RATE * net",
        names("constant") | names("copies", "test_starts_a_program"),
    ),
    "base class": ("app/base.py", "side = 1", "side = 3", {"tests/test_derived.py"} | CHILDREN),
    "decorator's body": ("app/decorator.py", "2 * f", "3 * f", {"tests/test_decorator.py"} | CHILDREN),
    "renamed function": ("app/renamed.py", "def old", "def older", names("renamed") | CHILDREN),
    "branch": (
        "app/branches.py",
        "return -1",
        "return -2",
        names("branches", "test_negative", "test_positive"),
    ),
    "function behind a cache": (
        "app/cached.py",
        "return 1",
        "return 2",
        names("cached", "test_first", "test_second"),
    ),
    "private function": ("app/documented.py", "return 2", "return 3", names("documented", "test_hidden")),
    "function that nothing calls": ("app/unused.py", "return 1", "return 2", set[str]()),
    "factory": ("tests/factories.py", "return 1", "return 3", names("factory")),
    "factory of nobody": ("tests/factories.py", "return 2", "return 3", set[str]()),
    "setup of a session": (
        "app/started.py",
        "return 1",
        "return 2",
        names("session", "test_first", "test_second"),
    ),
    "test": ("tests/test_branches.py", "sign(2) ==", "sign(3) ==", names("branches", "test_positive")),
    "name of a test": ("tests/test_alias.py", "test_it", "test_that", {"tests/test_alias.py"}),
    "mail template": ("app/mail.txt", "Hello", "Hi", names("mail")),
    "SQL file": ("app/query.sql", "1", "2", {"tests/test_query.py"}),
    "contract": ("openapi.json", "3.1.0", "3.1.1", names("files", "test_contract")),
    "revision": ("alembic/versions/one.py", "'head'", "'a head'", names("files", "test_revision")),
    "function of a program": (
        "app/tools.py",
        "used():\n    return 1",
        "used():\n    return 2",
        names("measured", "test_ends"),
    ),
    "function of a killed program": ("app/tools.py", "'ready'", "'up'", names("measured", "test_killed")),
    "function that no program calls": (
        "app/tools.py",
        "unused():\n    return 1",
        "unused():\n    return 2",
        set[str](),
    ),
    "import of a program": (
        "app/program.py",
        "__name__ ==",
        "'__main__' == __name__ ==",
        {"tests/test_measured.py"},
    ),
    "copy that is read": ("app/one.txt", "1", "2", names("copies", "test_reads_a_copy")),
    "copy beside a program": ("app/two.txt", "2", "3", names("copies", "test_starts_a_program")),
    "docstring that is shown": ("app/documented.py", "Say hello", "Say hi", names("documented")),
}


@pytest.mark.parametrize("name", BODIES)
def test_runs_what_executes_edited_code(name: str, tmp_path: Path) -> None:
    file, old, new, expected = BODIES[name]
    project = edited(tmp_path, {f"backend/{file}": (old, new)})
    assert selected(project, recorded_sample()[1]) == expected | CHILDREN


NOTHING = {
    "comment": ("backend/app/constant.py", "    return", "    # Netto.\n    return"),
    "formatting": ("backend/app/constant.py", "net * RATE", "(\n        net * RATE\n    )"),
    "private docstring": ("backend/app/documented.py", "Hide.", "Hide it."),
    "documentation": ("docs/tour.md", "Tour", "A tour"),
    "comment of a test": ("backend/tests/test_alias.py", "    assert", "    # Once.\n    assert"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_runs_nothing_when_no_code_changed(name: str, tmp_path: Path) -> None:
    file, old, new = NOTHING[name]
    assert selected(edited(tmp_path, {file: (old, new)}), recorded_sample()[1]) == set()


EVERYTHING = {
    "conftest": ("backend/tests/conftest.py", "return start()", "return start() + 0"),
    "plugin": ("backend/tests/plugins/extra.py", "return 1", "return 2"),
    "lock": ("backend/requirements/dev.txt", "9.0", "9.1"),
    "settings": ("backend/pyproject.toml", '["."]', '[".", "lib"]'),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_runs_everything_when_everything_depends_on_it(name: str, tmp_path: Path) -> None:
    file, old, new = EVERYTHING[name]
    assert selected(edited(tmp_path, {file: (old, new)}), recorded_sample()[1]) == ALL_FILES


def test_runs_everything_when_a_variable_changed() -> None:
    assert selected(*recorded_sample(), PAU2_ENVIRONMENT="production") == ALL_FILES


def test_runs_nothing_when_a_variable_of_the_terminal_changed() -> None:
    assert selected(*recorded_sample(), TERM_PROGRAM="tmux") == set()


@pytest.mark.parametrize("command", [["clone", "--quiet"], ["worktree", "add", "--quiet", "--detach"]])
def test_runs_nothing_in_another_folder_of_equal_content(command: list[str], tmp_path: Path) -> None:
    project, cache = recorded_sample()
    source = [str(project.root)] if command[0] == "clone" else []
    project.git(*command, *source, str(tmp_path / "elsewhere"))

    assert selected(SampleProject(tmp_path / "elsewhere"), cache) == set()

    if not source:
        project.git("worktree", "remove", "--force", str(tmp_path / "elsewhere"))


def test_runs_what_reads_the_rule_book(tmp_path: Path) -> None:
    project = edited(tmp_path, {RULE_BOOK: ("[rules]", "# None.\n[rules]")})
    assert selected(project, recorded_sample()[1]) == names("files", "test_book") | CHILDREN


def test_runs_what_lists_a_folder_with_a_new_file(tmp_path: Path) -> None:
    project = edited(tmp_path, {}).write("backend/alembic/versions/two.py")
    assert selected(project, recorded_sample()[1]) == names("files", "test_revisions") | CHILDREN


def test_runs_what_looks_for_a_file_that_is_new(tmp_path: Path) -> None:
    project = edited(tmp_path, {}).write("backend/alembic/extra.py")
    assert selected(project, recorded_sample()[1]) == names("files", "test_absent") | CHILDREN


def test_runs_what_imports_a_deleted_file(tmp_path: Path) -> None:
    project = edited(tmp_path, {}).remove("backend/app/alias.py")
    assert selected(project, recorded_sample()[1]) == {"tests/test_alias.py"} | CHILDREN


def test_runs_what_imports_a_module_that_a_package_hides(tmp_path: Path) -> None:
    project = edited(tmp_path, {}).write("backend/app/alias/__init__.py", "Number = float\n")
    assert selected(project, recorded_sample()[1]) == {"tests/test_alias.py"} | CHILDREN


def test_runs_all_when_a_nearer_conftest_is_new(tmp_path: Path) -> None:
    project = edited(tmp_path, {}).write("backend/conftest.py")
    assert selected(project, recorded_sample()[1]) == ALL_FILES


def test_runs_a_new_file_of_tests(tmp_path: Path) -> None:
    project = edited(tmp_path, {}).write("backend/tests/test_new.py", "def test_it() -> None:\n    pass\n")
    assert selected(project, recorded_sample()[1]) == {"tests/test_new.py"} | CHILDREN


def test_remembers_both_of_two_branches(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(recorded_sample()[1], cache)
    project = edited(tmp_path / "one", {"backend/app/branches.py": ("return -1", "return 0 - 1")})
    run(project, cache)
    assert selected(project, cache) == set()
    assert selected(recorded_sample()[0], cache) == set()


def test_knows_the_other_tests_of_a_file_after_one_of_them_ran(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(recorded_sample()[1], cache)
    old, new = "renamed.other() == 2", "2 == renamed.other()"
    project = edited(tmp_path / "one", {"backend/tests/test_renamed.py": (old, new)})

    assert {*run(project, cache).arguments} == names("renamed", "test_other") | CHILDREN

    selection = cached_run(project, cache).select()
    assert selection.arguments == []
    assert names("renamed", "test_it", "test_other") <= {*selection.tests}
