"""R01, R02, R14, R15: form, types, exclusions, secrets."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.all_gates import TEST
from tests.gates.support.parts.application import DOMAIN, PYPROJECT, ROUTER, USE_CASE
from tests.gates.support.sample_project import RULE_BOOK

AWS = "AKIA" + "QWERTYUIOPASDFGH"
DECLARE = "declare it in [[exclusions]]"
KEY = f'KEY = "{AWS}"'
INNER = "    def double(value):\n        return value * 2\n"
UNTYPED = "\n\ndef double(value):  # type: ignore[no-untyped-def]\n    return value * 2\n"

CASES = [
    InvalidCase(
        id="code as it was typed",
        gate="format",
        change=lambda sample: sample.append(DOMAIN, "ids = [ ArticleId(1),ArticleId(2) ]\n"),
        file=DOMAIN,
        line="ids = [",
        message="would be reformatted",
        fix="./noxw -s fix",
    ),
    InvalidCase(
        id="an import that nobody uses, and a comment that says so",
        gate="lint",
        change=lambda sample: sample.replace(DOMAIN, "from typing", "import os  # noqa: F401\nfrom typing"),
        file=DOMAIN,
        line="import os",
        message="`os` imported but unused [F401]",
        fix="Remove unused import",
        also_rejected_by=("exclusions",),
    ),
    InvalidCase(
        id="a number without a name",
        gate="lint",
        change=lambda sample: sample.append(TEST, "    assert ArticleId(7) != 8 or ArticleId(9) > 4\n"),
        file=TEST,
        line="ArticleId(9)",
        message="[PLR2004]",
        fix="./noxw -s fix repairs some",
    ),
    InvalidCase(
        id="a function without types",
        gate="types",
        change=lambda sample: sample.append(DOMAIN, "\n\ndef double(value):\n    return value * 2\n"),
        file=DOMAIN,
        line="def double",
        message="[no-untyped-def]",
        fix="make the types say what the code does",
    ),
    InvalidCase(
        id="an answer of another type",
        gate="types",
        change=lambda sample: sample.replace(USE_CASE, "return id", "return str(id)"),
        file=USE_CASE,
        line="return str(id)",
        message='got "str", expected "ArticleId") [return-value]',
        fix="make the types say what the code does",
    ),
    InvalidCase(
        id="a function without types, and a comment that says so",
        gate="exclusions",
        change=lambda sample: sample.append(DOMAIN, UNTYPED),
        file=DOMAIN,
        line="type: ignore",
        message="an undeclared exclusion from types in app/domain/news.py: type: ignore",
        fix=DECLARE,
    ),
    InvalidCase(
        id="a function without types, and a comment that says so with two spaces",
        gate="exclusions",
        change=lambda sample: sample.append(DOMAIN, UNTYPED.replace("type: ", "type:  ")),
        file=DOMAIN,
        line="ignore[",
        message="an undeclared exclusion from types in app/domain/news.py: type:  ignore",
        fix=DECLARE,
    ),
    InvalidCase(
        id="code that the type checker takes for another Python's",
        gate="exclusions",
        change=lambda sample: sample.replace(DOMAIN, "from typing", "import sys\nfrom typing").append(
            DOMAIN, f"\nif sys.version_info >= (3, 12):\n\n{INNER}"
        ),
        file=DOMAIN,
        line="if sys.version_info",
        message="an undeclared exclusion from types in app/domain/news.py: sys.version_info",
        fix=DECLARE,
    ),
    InvalidCase(
        id="code that the type checker takes for Python 2's",
        gate="exclusions",
        change=lambda sample: sample.append(DOMAIN, f"\nPY2 = True\nif PY2:\n\n{INNER}"),
        file=DOMAIN,
        line="PY2 = True",
        message="an undeclared exclusion from types in app/domain/news.py: PY2",
        fix=DECLARE,
    ),
    InvalidCase(
        id="types that stand beside untyped code",
        gate="structure",
        change=lambda sample: sample.append(TEST, "\n\ndef double(value):\n    return value * 2\n").write(
            f"{TEST}i", "def double(value: int) -> int: ...\n"
        ),
        file=f"{TEST}i",
        message="the type checker reads this instead of the code beside it",
        fix="annotate the code itself",
    ),
    InvalidCase(
        id="an import that nobody uses, and a comment that ruff reads although it has a space more",
        gate="lint",
        change=lambda sample: sample.replace(
            DOMAIN, "from typing", "import os  # ruff : disable[F401]\nfrom typing"
        ),
        file=DOMAIN,
        line="import os",
        message="`os` imported but unused [F401]",
        fix="Remove unused import",
    ),
    InvalidCase(
        id="code as it was typed, and a comment that says so",
        gate="exclusions",
        change=lambda sample: sample.append(DOMAIN, "ids = [ ArticleId(1),ArticleId(2) ]  # fmt: skip\n"),
        file=DOMAIN,
        line="ids = [",
        message="an undeclared exclusion from lint in app/domain/news.py: fmt:",
        fix=DECLARE,
    ),
    InvalidCase(
        id="code that the type checker takes for unreachable",
        gate="exclusions",
        change=lambda sample: sample.replace(DOMAIN, "NewType\n", "TYPE_CHECKING, NewType\n").append(
            DOMAIN, f"\nif not TYPE_CHECKING:\n\n{INNER}"
        ),
        file=DOMAIN,
        line="if not TYPE_CHECKING",
        message="an undeclared exclusion from types in app/domain/news.py: TYPE_CHECKING",
        fix=DECLARE,
    ),
    InvalidCase(
        id="a lint rule that is off for a folder",
        gate="exclusions",
        change=lambda sample: sample.replace(
            PYPROJECT, '"tests/**" = ["S101"]', '"tests/**" = ["S101", "S105"]'
        ),
        file=PYPROJECT,
        line="tests/**",
        message="an undeclared exclusion from lint in tests/**: S105",
        fix=DECLARE,
    ),
    InvalidCase(
        id="a module that coverage omits",
        gate="exclusions",
        change=lambda sample: sample.replace(
            PYPROJECT, "branch = true", 'branch = true\nomit = ["app/main.py"]'
        ),
        file=PYPROJECT,
        line="app/main.py",
        message="an undeclared exclusion from coverage in app/main.py: all",
        fix=DECLARE,
    ),
    InvalidCase(
        id="code that coverage is told to overlook",
        gate="exclusions",
        change=lambda sample: sample.append(
            DOMAIN, "\n\ndef double(value: int) -> int:  # pragma: no cover\n    return value * 2\n"
        ),
        file=DOMAIN,
        line="pragma",
        message="an undeclared exclusion from coverage in app/domain/news.py: pragma: no",
        fix=DECLARE,
        also_rejected_by=("coverage-global", "coverage-critical", "coverage-new"),
    ),
    InvalidCase(
        id="a hook that passes tests without running them",
        gate="exclusions",
        change=lambda sample: sample.write(
            "backend/tests/conftest.py", "def pytest_pyfunc_call() -> bool:\n    return True\n"
        ),
        file="backend/tests/conftest.py",
        line="def pytest_pyfunc_call",
        message="an undeclared exclusion from tests in tests/conftest.py: pytest_pyfunc_call",
        fix=DECLARE,
    ),
    InvalidCase(
        id="a hook by assignment",
        gate="exclusions",
        change=lambda sample: sample.write("backend/tests/conftest.py", "pytest_pyfunc_call = id\n"),
        file="backend/tests/conftest.py",
        line="pytest_pyfunc_call",
        message="an undeclared exclusion from tests in tests/conftest.py: pytest_pyfunc_call",
        fix=DECLARE,
    ),
    InvalidCase(
        id="a declaration that nothing needs",
        gate="exclusions",
        change=lambda sample: sample.rule(
            'path = "tests/**"\nrules = ["S101"]', 'path = "tests/**"\nrules = ["S101", "S105"]'
        ),
        file=RULE_BOOK,
        line='path = "tests/**"',
        message="lint exclusion S105 of tests/** is declared but not in use",
        fix="remove it from [[exclusions]]",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a key in the settings, and a comment that says it is none",
        gate="secrets",
        change=lambda sample: sample.append(
            "backend/app/core/database.py", f"{KEY}  # pragma: allowlist secret\n"
        ),
        file="backend/app/core/database.py",
        line="KEY = ",
        message="looks like a secret: AWS Access Key",
        fix="remove it and replace the secret",
        also_rejected_by=("exclusions",),
    ),
    InvalidCase(
        id="a private key in the documents",
        gate="secrets",
        change=lambda sample: sample.write("docs/key.txt", "-----BEGIN " + "RSA PRIVATE KEY-----\n"),
        file="docs/key.txt",
        line="BEGIN",
        message="looks like a secret: Private Key",
        fix="remove it",
    ),
    InvalidCase(
        id="a secret beside the locks, which nobody searches",
        gate="stack",
        change=lambda sample: sample.write("backend/requirements/notes.txt", f"{AWS}\n"),
        file="backend/requirements/notes.txt",
        message="neither a list of requirements nor a lock",
        fix="move it out of requirements/",
    ),
    InvalidCase(
        id="a password in a router",
        gate="secrets",
        change=lambda sample: sample.append(ROUTER, "\n\npassword = " + '"correct-horse-battery"\n'),
        file=ROUTER,
        line="password",
        message="looks like a secret: Secret Keyword",
        fix="remove it",
        also_rejected_by=("lint",),
    ),
]
