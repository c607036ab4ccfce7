import pytest

from gates.architecture.exclusions import check
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

PYPROJECT = "backend/pyproject.toml"
MODULE = "backend/app/domain/news.py"


def test_passes_when_exclusions_are_those_declared(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.findings, outcome.note) == ([], "1 declared")


@pytest.mark.parametrize(
    ("file", "text", "exclusion"),
    [
        (MODULE, "x = 1  # noqa\n", "lint in app/domain/news.py: noqa"),
        (MODULE, "x = 1  # NOQA: E501\n", "lint in app/domain/news.py: noqa"),
        (MODULE, "# ruff: disable[E501]\n", "lint in app/domain/news.py: ruff:"),
        (MODULE, "# fmt: off\n", "lint in app/domain/news.py: fmt:"),
        (MODULE, "x = 1  # nosec\n", "lint in app/domain/news.py: nosec"),
        (MODULE, "x = 1  # fine  # type:ignore\n", "types in app/domain/news.py: type:ignore"),
        (MODULE, "from typing import no_type_check as x\n", "types in app/domain/news.py: no_type_check"),
        (MODULE, "x = 1  # type:\tignore\n", "types in app/domain/news.py: type:\tignore"),
        (MODULE, "from six import PY3\n", "types in app/domain/news.py: PY3"),
        (MODULE, "x = sys.version_info[0] > 3 and y\n", "types in app/domain/news.py: sys.version_info"),
        (MODULE, 'x = [y for y in z if sys.platform == "w"]\n', "types in app/domain/news.py: sys.platform"),
        (MODULE, 'x = sys.platform.startswith("w") or y\n', "types in app/domain/news.py: sys.platform"),
        (MODULE, "x = 1 if TYPE_CHECKING else 2\n", "types in app/domain/news.py: TYPE_CHECKING"),
        (MODULE, "# mypy: ignore-errors\n", "types in app/domain/news.py: mypy:"),
        (MODULE, "x = 1  # pragma: no branch\n", "coverage in app/domain/news.py: pragma: no"),
        (MODULE, "x = 1  #  PRAGMA:  no  cover\n", "coverage in app/domain/news.py: pragma:  no  cover"),
        (MODULE, "x = 1  # pragma no cover\n", "coverage in app/domain/news.py: pragma no cover"),
        (MODULE, "x = 1  # pragma: allowlist secret\n", "secrets in app/domain/news.py: pragma: allowlist"),
        ("backend/alembic/x.sql", "-- squawk-ignore ban-drop-column\n", "lint in alembic/x.sql"),
        (
            ".github/ci.yml",
            "on: x # zizmor: ignore[unpinned-uses]\n",
            "lint in .github/ci.yml: zizmor: ignore",
        ),
        (".devcontainer/Dockerfile", "# hadolint ignore=DL3008\n", "lint in .devcontainer/Dockerfile"),
        (
            "backend/tests/conftest.py",
            "def pytest_collection_modifyitems(): ...\n",
            "pytest_collection_modifyitems",
        ),
        ("backend/tests/conftest.py", "def pytest_runtest_makereport(): ...\n", "pytest_runtest_makereport"),
    ],
)
def test_refuses_exclusion_when_code_makes_it_undeclared(
    sample: SampleProject, file: str, text: str, exclusion: str
) -> None:
    sample.write(file, text)

    (finding,) = check(sample.project).findings

    assert (finding.file, finding.line) == (file, len(text.splitlines()) - text.count("\ndef"))
    assert exclusion in finding.message


@pytest.mark.parametrize(
    ("old", "new", "exclusion"),
    [
        ('"tests/**" = ["S101"]', '"tests/**" = ["S101"]\n"app/**" = ["E501"]', "lint in app/**: E501"),
        ('select = ["E", "F", "S"]', 'select = ["E"]\nignore = ["E501"]', "lint in **: E501"),
        ('target-version = "py311"', 'extend-exclude = ["app/x.py"]', "lint in app/x.py: all"),
        ("strict = true", "strict = false", "types in **: strict"),
        ("strict = true\n", "", "types in **: strict"),
        ("strict = true", "strict = true\nwarn_unreachable = false", "types in **: warn_unreachable"),
        ("strict = true", 'strict = true\ndisable_error_code = ["misc"]', "types in **: misc"),
        ("strict = true", "strict = true\nignore_missing_imports = true", "in **: ignore_missing_imports"),
        ("strict = true", 'strict = true\nexclude = "app/x"', "types in app/x: all"),
        (
            "[tool.coverage.run]",
            '[tool.coverage.report]\nexclude_also = ["raise"]\n[tool.coverage.run]',
            "coverage in **: raise",
        ),
        (
            "[tool.mypy]",
            '[tool.mypy]\noverrides = [{ module = "app.x", ignore_errors = true }]',
            "types in app.x: ignore_errors",
        ),
        (
            "[tool.mypy]",
            '[tool.pytest.ini_options]\nfilterwarnings = ["error", "ignore::x"]\n[tool.mypy]',
            "tests in **: ignore::x",
        ),
    ],
)
def test_refuses_exclusion_when_configuration_adds_it(
    sample: SampleProject, old: str, new: str, exclusion: str
) -> None:
    sample.replace(PYPROJECT, old, new)

    (finding,) = check(sample.project).findings

    assert finding.file == PYPROJECT
    assert exclusion in finding.message


@pytest.mark.parametrize(
    "text",
    [
        'TEXT = "# noqa and # type: ignore and # pragma: no cover"\n',
        '"""Skip nothing: # noqa is text here."""\n',
        "# A type: ignored by nobody\nskip = 1\n",
        "# a pragma nobody needs\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app import main\n",
        "VERSION = sys.version_info\nKEY = repr((sys.platform, sys.version_info[:2]))\n",
    ],
)
def test_passes_when_words_exclude_nothing(sample: SampleProject, text: str) -> None:
    sample.write("backend/tests/test_x.py", text)

    assert check(sample.project).findings == []


def declare(sample: SampleProject, kind: str, path: str, rule: str, reason: str = "because") -> None:
    entry = f'[[exclusions]]\nkind = "{kind}"\npath = "{path}"\nrules = ["{rule}"]\nreason = "{reason}"\n'
    sample.rule("[rules.R01]", f"{entry}[rules.R01]")


def test_passes_when_exclusion_is_declared(sample: SampleProject) -> None:
    sample.write(MODULE, "x = 1  # pragma: no cover\n")
    declare(sample, "coverage", "app/domain/news.py", "pragma: no cover")

    assert check(sample.project).findings == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("imports", "app/domain/news.py", "sqlalchemy"), "there are no exclusions from 'imports'"),
        (("secrets", "x", "y", " "), "gives no reason"),
    ],
)
def test_refuses_declaration_when_idle_or_malformed(
    sample: SampleProject, arguments: tuple[str, ...], message: str
) -> None:
    declare(sample, *arguments)

    (finding,) = check(sample.project).findings

    assert finding.file == RULE_BOOK
    assert finding.line > 0
    assert message in finding.message
