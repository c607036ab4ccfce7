from pathlib import Path

import pytest

from gates.architecture.sessions import write_table
from gates.architecture.structure import check
from gates.model import Finding, Project
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

NOXFILE = "noxfile.py"
PYPROJECT = "backend/pyproject.toml"


def only(sample: SampleProject) -> Finding:
    """Return the one finding, of the gate's whole output."""
    (finding,) = check(sample.project).findings
    return finding


def test_passes_when_repository_is_what_the_rule_book_lists(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.findings, outcome.status) == ([], "passed")


def test_refuses_package_of_a_layer_when_the_tree_omits_it(sample: SampleProject) -> None:
    sample.write("backend/app/presentation/admin/__init__.py").commit()

    assert only(sample).message == "the package backend/app/presentation/admin/ is not in [tree]"

    sample.rule("[tree]\n", '[tree]\n"backend/app/presentation/admin/" = "for the board"\n')
    assert check(sample.project).findings == []


def test_passes_nested_package_when_the_tree_lists_its_parent(sample: SampleProject) -> None:
    sample.write("backend/app/presentation/http/pages/__init__.py").commit()

    assert check(sample.project).findings == []


def test_refuses_module_when_git_does_not_track_it(sample: SampleProject) -> None:
    sample.write("backend/app/domain/forgotten.py")

    assert only(sample).file == "backend/app/domain/forgotten.py"
    assert only(sample).fix.startswith("git add backend/app/domain/forgotten.py")

    sample.git("add", "backend/app/domain/forgotten.py")
    assert check(sample.project).findings == []


def test_passes_types_when_no_code_is_beside_them(sample: SampleProject) -> None:
    sample.write("backend/tests/library.pyi").commit()

    assert check(sample.project).findings == []


@pytest.mark.parametrize("name", ["backend/tests/pyproject.toml", "backend/gates/setup.cfg"])
def test_refuses_second_configuration_when_anywhere_in_tree(sample: SampleProject, name: str) -> None:
    sample.write(name)

    assert only(sample).file == name
    assert "second configuration" in only(sample).message


def test_refuses_main_when_it_is_over_its_own_budget(sample: SampleProject) -> None:
    sample.write("backend/app/main.py", "x = 1\n" * 31).commit()

    assert only(sample).message == "31 lines, this file may have 30: 1 too many"


@pytest.mark.parametrize(("name", "limit"), [("backend/gates/big.py", 300), ("backend/tests/big.py", 400)])
def test_refuses_first_line_over_the_limits_of_this_repository(
    sample: SampleProject, name: str, limit: int
) -> None:
    budgets = Project(root=Path(__file__).parents[4]).rulebook["budgets"]
    sample.rule("\nfile-lines = 60\n", f"\nfile-lines = {budgets['file-lines']}\n")
    sample.rule("\ntest-file-lines = 80\n", f"\ntest-file-lines = {budgets['test-file-lines']}\n")

    sample.write(name, "x = 1\n" * limit).commit()
    assert check(sample.project).findings == []

    sample.write(name, "x = 1\n" * (limit + 1)).commit()
    assert only(sample).message == f"{limit + 1} lines, this file may have {limit}: 1 too many"


def test_refuses_name_of_a_test_when_over_60_characters(sample: SampleProject) -> None:
    budgets = Project(root=Path(__file__).parents[4]).rulebook["budgets"]
    sample.rule("characters = 30\n", f"characters = {budgets['test-name-characters']}\n")
    name = "test_" + "x" * 55

    sample.write("backend/tests/test_x.py", f"def {name}() -> None: ...\n").commit()
    assert check(sample.project).findings == []

    sample.write("backend/tests/test_x.py", f"def {name}x() -> None: ...\n").commit()
    assert only(sample).message == (f"{name}x is a name of 61 characters, a test's may have 60: 1 too many")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            PYPROJECT,
            ">=3.11,<3.13",
            ">=3.11",
            'requires-python = ">=3.11"; [versions] requires requires-python = ">=3.11,<3.13"',
        ),
        (
            PYPROJECT,
            '"py311"',
            '"py312"',
            'target-version = "py312"; [versions] requires target-version = "py311"',
        ),
        (
            PYPROJECT,
            'python_version = "3.11"',
            "",
            'python_version is missing; [versions] requires python_version = "3.11"',
        ),
        (
            PYPROJECT,
            "[tool.mypy]\n",
            '[tool.mypy]\n"python_version" = "3.12"\n[tool.other]\n',
            '"python_version" = "3.12"; [versions] requires python_version = "3.11"',
        ),
        ("README.md", "Run", "Needs Python 3.10. Run", "python 3.10 is not in [versions]"),
        ("README.md", "Run", "Needs PostgreSQL 17. Run", "postgresql 17 is not in [versions]"),
    ],
)
def test_refuses_version_when_rule_book_says_otherwise(
    sample: SampleProject, file: str, old: str, new: str, message: str
) -> None:
    sample.replace(file, old, new)

    assert (only(sample).file, only(sample).message) == (file, message)


def workflow(sample: SampleProject, *lines: str) -> SampleProject:
    sample.write(".github/workflows/ci.yml", "\n".join(lines)).rule("[tree]\n", '[tree]\n".github/" = "ci"\n')
    return sample


def test_passes_when_workflow_tests_every_version(sample: SampleProject) -> None:
    workflow(
        sample,
        '- { python: "3.11", postgresql: "15" }',
        "- { python: '3.12' }",
        "image: postgres:16",
        "run: ./noxw -s lint fix",
    )

    assert check(sample.project).findings == []


def test_refuses_workflow_when_it_leaves_a_version_out(sample: SampleProject) -> None:
    workflow(sample, 'python-version: "3.11"', "image: postgres:15", "image: postgres:16")

    assert only(sample).message == "no workflow tests python 3.12"


def test_refuses_development_server_when_its_versions_drift(sample: SampleProject) -> None:
    sample.write("backend/devtools/postgres.py", "SUPPORTED_VERSIONS = range(15, 18)\n")
    sample.rule("[tree]\n", '[tree]\n"backend/devtools/" = "tools"\n').commit()

    wanted = "[versions] requires SUPPORTED_VERSIONS = range(15, 17)"
    assert only(sample).message == f"SUPPORTED_VERSIONS = range(15, 18); {wanted}"

    sample.write("backend/devtools/postgres.py", "OTHER = 1\n")
    assert only(sample).message == f"SUPPORTED_VERSIONS is missing; {wanted}"

    sample.write("backend/devtools/postgres.py", "SUPPORTED_VERSIONS = range(15, 17)\n")
    assert check(sample.project).findings == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (NOXFILE, "def fix", "def repair", "the rule book lists the session fix, the noxfile has none"),
        (NOXFILE, '["lint"]', "[]", "does not say nox.options.sessions = ['lint']"),
        (NOXFILE, '    """Fix."""\n', "", "the session fix has no docstring"),
        (NOXFILE, "    gates(session)", "    print()", "the session lint must do nothing but gates(session)"),
        (
            NOXFILE,
            "def gates",
            "hidden = nox.session(print)\n\n\ndef gates",
            "other than as the one decorator",
        ),
        (".pre-commit-config.yaml", "repos", "# nox -s lint old\nrepos", "names the session old"),
        ("backend/gates/registry.py", '"layers": print', "", "the registry has no gate layers"),
    ],
)
def test_refuses_command_when_sources_disagree(
    sample: SampleProject, file: str, old: str, new: str, message: str
) -> None:
    sample.replace(file, old, new)

    assert any(message in finding.message for finding in check(sample.project).findings)


def test_passes_function_when_its_decorator_makes_no_session(sample: SampleProject) -> None:
    sample.replace(NOXFILE, "@nox.session\n", "@cache\ndef platform():\n    ...\n\n\n@nox.session\n")

    assert [*check(sample.project).findings] == []


def test_refuses_rule_when_no_session_enforces_it(sample: SampleProject) -> None:
    sample.rule('lint = ["lint", "layers"]', 'lint = ["lint"]\nquick = ["layers"]')
    sample.replace(
        NOXFILE,
        "@nox.session\n",
        '@nox.session\ndef quick(session):\n    """Q."""\n    gates(session)\n\n\n@nox.session\n',
    )
    write_table(sample.project)

    assert only(sample).message == "no session of [default] runs layers, so R03 is not enforced"

    sample.rule("[default]\n", '[default]\non-request = ["quick"]\n')
    write_table(sample.project)

    assert [*check(sample.project).findings] == []


def test_writes_table_when_block_has_changed(sample: SampleProject) -> None:
    sample.rule('= "Lint."', '= "Lint well."')
    assert "the table of rules" in only(sample).message

    write_table(sample.project)

    assert check(sample.project).findings == []
    assert "| R01 | Lint well. | `lint` | `lint` |" in (sample.root / RULE_BOOK).read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("README.md", "Run", "At least 80 % of lines. Run", "it repeats a threshold of the rule book"),
        ("README.md", "Run", "Coverage of 80% will do. Run", "it repeats a threshold of the rule book"),
        ("README.md", "Run", "Needs Python 3.12 or newer. Run", "names 3.12; [versions] requires 3.11"),
        ("README.md", "Run", "PostgreSQL (15 to 17). Run", "names 15 to 17; [versions] requires 15 to 16"),
        ("README.md", "`lint` has the gates", "nothing", "does not say what the session lint checks"),
        ("README.md", "Run", "| `lintt` | x |\nRun", "names the session lintt, which does not exist"),
        ("backend/requirements/README.md", "", "Python 3.9 will do.\n", "python 3.9 is not in [versions]"),
        (
            "noxfile.py",
            "\n\n",
            "\nP = '--python-version', '3.12'\n\n",
            "names 3.12; [versions] requires 3.11",
        ),
    ],
)
def test_refuses_document_when_it_says_something_else(
    sample: SampleProject, file: str, old: str, new: str, message: str
) -> None:
    sample.write(file, ((sample.root / file).read_text() if old else "")).replace(file, old, new).commit()

    findings = check(sample.project).findings

    assert message in next(finding.message for finding in findings if finding.file == file)


def test_passes_when_documents_agree_or_look_back(sample: SampleProject) -> None:
    sample.replace(
        "README.md", "Run", "Python 3.11 or newer, PostgreSQL 15 to 16; 100 lines.\nMemory grew by 5 %. Run"
    )
    sample.rule('"README.md" = ', '"docs/" = "guides"\n"README.md" = ')
    sample.write("docs/decisions/0001-then.md", "Python 3.8 and newer, 70 % of lines.\n").commit()

    assert check(sample.project).findings == []
