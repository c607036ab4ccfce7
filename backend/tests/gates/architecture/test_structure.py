import pytest

from gates.architecture.sessions import write_table
from gates.architecture.structure import check
from gates.model import Finding
from tests.gates.support.sample_project import RULE_BOOK, Twin

NOXFILE = "noxfile.py"
PYPROJECT = "backend/pyproject.toml"


def only(twin: Twin) -> Finding:
    """Return the one finding, of the gate's whole output."""
    (finding,) = check(twin.project).findings
    return finding


def test_passes_when_repository_is_what_the_rule_book_lists(twin: Twin) -> None:
    outcome = check(twin.project)

    assert (outcome.findings, outcome.status) == ([], "passed")


def test_refuses_file_when_tree_does_not_list_it(twin: Twin) -> None:
    twin.write("scripts/fix.sh")

    assert only(twin).file == "scripts/fix.sh"
    assert "not below anything that [tree] lists" in only(twin).message


def test_refuses_tree_entry_when_nothing_is_there(twin: Twin) -> None:
    twin.rule('"README.md" = ', '"docs/" = "guides"\n"README.md" = ')

    assert (only(twin).file, only(twin).message) == (RULE_BOOK, "[tree] lists docs/, but there is nothing")
    assert '"docs/"' in (twin.root / RULE_BOOK).read_text().splitlines()[only(twin).line - 1]


def test_refuses_package_in_a_layer_when_the_tree_does_not_list_it(twin: Twin) -> None:
    twin.write("backend/app/presentation/admin/__init__.py").commit()

    assert only(twin).message == "the package backend/app/presentation/admin/ is not in [tree]"

    twin.rule("[tree]\n", '[tree]\n"backend/app/presentation/admin/" = "for the board"\n')
    assert check(twin.project).findings == []


def test_passes_deeper_package_when_the_tree_lists_what_is_around_it(twin: Twin) -> None:
    twin.write("backend/app/presentation/http/pages/__init__.py").commit()

    assert check(twin.project).findings == []


def test_refuses_module_when_git_does_not_track_it(twin: Twin) -> None:
    twin.write("backend/app/domain/forgotten.py")

    assert only(twin).file == "backend/app/domain/forgotten.py"
    assert only(twin).fix.startswith("git add backend/app/domain/forgotten.py")

    twin.git("add", "backend/app/domain/forgotten.py")
    assert check(twin.project).findings == []


def test_refuses_module_when_git_ignores_it(twin: Twin) -> None:
    twin.write("backend/app/domain/secret.py").write(".gitignore", "secret.py\n")

    assert "git ignores this file" in only(twin).message


def test_refuses_types_when_they_stand_beside_the_code(twin: Twin) -> None:
    twin.write("backend/tests/library.pyi").commit()
    assert check(twin.project).findings == []

    twin.write("backend/tests/__init__.pyi")
    assert only(twin).file == "backend/tests/__init__.pyi"
    assert only(twin).message == "the type checker reads this in place of the code beside it"


def test_refuses_link_when_tracked(twin: Twin) -> None:
    (twin.root / "backend/tests/linked").symlink_to("/etc")
    twin.commit()

    assert only(twin).file == "backend/tests/linked"


@pytest.mark.parametrize(
    "name", ["backend/app/ruff.toml", "backend/tests/pyproject.toml", "backend/gates/setup.cfg"]
)
def test_refuses_second_configuration_when_anywhere_in_tree(twin: Twin, name: str) -> None:
    twin.write(name)

    assert only(twin).file == name
    assert "second configuration" in only(twin).message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "backend/tests/long.py",
            "def f():\n" + "    x = 1\n" * 20,
            "f has 21 lines, a function may have 20: 1 too many",
        ),
        ("backend/app/main.py", "x = 1\n" * 31, "31 lines, this file may have 30: 1 too many"),
        ("noxfile.py", None, "41 lines, this file may have 40: 1 too many"),
        ("backend/gates/big.py", "x = 1\n" * 61, "61 lines, this file may have 60: 1 too many"),
    ],
)
def test_refuses_code_when_over_budget(twin: Twin, name: str, text: str | None, message: str) -> None:
    before = (twin.root / name).read_text() if text is None else ""
    twin.write(name, text or before + "\n" * (41 - before.count("\n"))).commit()

    assert only(twin).message == message


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
    twin: Twin, file: str, old: str, new: str, message: str
) -> None:
    twin.replace(file, old, new)

    assert (only(twin).file, only(twin).message) == (file, message)


def workflow(twin: Twin, *lines: str) -> Twin:
    twin.write(".github/workflows/ci.yml", "\n".join(lines)).rule("[tree]\n", '[tree]\n".github/" = "ci"\n')
    return twin


def test_passes_when_workflow_tests_every_version(twin: Twin) -> None:
    workflow(
        twin,
        '- { python: "3.11", postgresql: "15" }',
        "- { python: '3.12' }",
        "image: postgres:16",
        "run: ./noxw -s lint fix",
    )

    assert check(twin.project).findings == []


def test_refuses_workflow_when_it_leaves_a_version_out(twin: Twin) -> None:
    workflow(twin, 'python-version: "3.11"', "image: postgres:15", "image: postgres:16")

    assert only(twin).message == "no workflow tests python 3.12"


def test_refuses_development_server_when_its_versions_drift(twin: Twin) -> None:
    twin.write("backend/devtools/postgres.py", "SUPPORTED_VERSIONS = range(15, 18)\n")
    twin.rule("[tree]\n", '[tree]\n"backend/devtools/" = "tools"\n').commit()

    wanted = "[versions] requires SUPPORTED_VERSIONS = range(15, 17)"
    assert only(twin).message == f"SUPPORTED_VERSIONS = range(15, 18); {wanted}"

    twin.write("backend/devtools/postgres.py", "OTHER = 1\n")
    assert only(twin).message == f"SUPPORTED_VERSIONS is missing; {wanted}"

    twin.write("backend/devtools/postgres.py", "SUPPORTED_VERSIONS = range(15, 17)\n")
    assert check(twin.project).findings == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (NOXFILE, "def fix", "def repair", "the rule book lists the session fix, the noxfile has none"),
        (NOXFILE, '["lint"]', "[]", "does not say nox.options.sessions = ['lint']"),
        (NOXFILE, '    """Fix."""\n', "", "the session fix has no docstring"),
        (NOXFILE, "    gates(session)", "    print()", "the session lint must do nothing but gates(session)"),
        (NOXFILE, "    gates(session)", "    if 0:\n        gates(session)", "must do nothing but gates"),
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
    twin: Twin, file: str, old: str, new: str, message: str
) -> None:
    twin.replace(file, old, new)

    assert any(message in finding.message for finding in check(twin.project).findings)


def test_refuses_rule_when_no_session_by_default_or_on_request_enforces_it(twin: Twin) -> None:
    twin.rule('lint = ["lint", "layers"]', 'lint = ["lint"]\nquick = ["layers"]')
    twin.replace(
        NOXFILE,
        "@nox.session\n",
        '@nox.session\ndef quick(session):\n    """Q."""\n    gates(session)\n\n\n@nox.session\n',
    )
    write_table(twin.project)

    assert only(twin).message == "no session of [default] runs layers, so R03 is not enforced"

    twin.rule("[default]\n", '[default]\non-request = ["quick"]\n')
    write_table(twin.project)

    assert [*check(twin.project).findings] == []


def test_writes_table_when_block_has_changed(twin: Twin) -> None:
    twin.rule('= "Lint."', '= "Lint well."')
    assert "the table of rules" in only(twin).message

    write_table(twin.project)

    assert check(twin.project).findings == []
    assert "| R01 | Lint well. | `lint` | `lint` |" in (twin.root / RULE_BOOK).read_text()
