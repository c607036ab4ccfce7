"""R01, R02, R14, R15: form, types, exclusions, secrets."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import DOMAIN, PYPROJECT, ROUTER, TEST, USE_CASE
from tests.gates.support.sample_project import RULE_BOOK

AWS = "AKIA" + "QWERTYUIOPASDFGH"
DECLARE = "declare it in [[exclusions]]"
KEY = f'KEY = "{AWS}"'
INNER = "    def double(value):\n        return value * 2\n"
UNTYPED = "\n\ndef double(value):  # type: ignore[no-untyped-def]\n    return value * 2\n"

ENTRIES = [
    Violation(
        what="code as it was typed",
        gate="format",
        change=lambda twin: twin.append(DOMAIN, "ids = [ ArticleId(1),ArticleId(2) ]\n"),
        file=DOMAIN,
        line="ids = [",
        says="would be reformatted",
        fix="./noxw -s fix",
    ),
    Violation(
        what="an import that nobody uses, and a comment that says so",
        gate="lint",
        change=lambda twin: twin.replace(DOMAIN, "from typing", "import os  # noqa: F401\nfrom typing"),
        file=DOMAIN,
        line="import os",
        says="`os` imported but unused [F401]",
        fix="Remove unused import",
        also=("exclusions",),
    ),
    Violation(
        what="a number without a name",
        gate="lint",
        change=lambda twin: twin.append(TEST, "    assert ArticleId(7) != 8 or ArticleId(9) > 4\n"),
        file=TEST,
        line="ArticleId(9)",
        says="[PLR2004]",
        fix="./noxw -s fix repairs some",
    ),
    Violation(
        what="a function without types",
        gate="types",
        change=lambda twin: twin.append(DOMAIN, "\n\ndef double(value):\n    return value * 2\n"),
        file=DOMAIN,
        line="def double",
        says="[no-untyped-def]",
        fix="make the types say what the code does",
    ),
    Violation(
        what="an answer of another type",
        gate="types",
        change=lambda twin: twin.replace(USE_CASE, "return id", "return str(id)"),
        file=USE_CASE,
        line="return str(id)",
        says='got "str", expected "ArticleId"',
        fix="make the types say what the code does",
    ),
    Violation(
        what="a function without types, and a comment that says so",
        gate="exclusions",
        change=lambda twin: twin.append(DOMAIN, UNTYPED),
        file=DOMAIN,
        line="type: ignore",
        says="an undeclared exclusion from types in app/domain/news.py: type: ignore",
        fix=DECLARE,
    ),
    Violation(
        what="a function without types, and a comment that says so with two spaces",
        gate="exclusions",
        change=lambda twin: twin.append(DOMAIN, UNTYPED.replace("type: ", "type:  ")),
        file=DOMAIN,
        line="ignore[",
        says="an undeclared exclusion from types in app/domain/news.py: type:  ignore",
        fix=DECLARE,
    ),
    Violation(
        what="code that the type checker takes for another Python's",
        gate="exclusions",
        change=lambda twin: twin.replace(DOMAIN, "from typing", "import sys\nfrom typing").append(
            DOMAIN, f"\nif sys.version_info >= (3, 12):\n\n{INNER}"
        ),
        file=DOMAIN,
        line="if sys.version_info",
        says="an undeclared exclusion from types in app/domain/news.py: sys.version_info",
        fix=DECLARE,
    ),
    Violation(
        what="code that the type checker takes for Python 2's",
        gate="exclusions",
        change=lambda twin: twin.append(DOMAIN, f"\nPY2 = True\nif PY2:\n\n{INNER}"),
        file=DOMAIN,
        line="PY2 = True",
        says="an undeclared exclusion from types in app/domain/news.py: PY2",
        fix=DECLARE,
    ),
    Violation(
        what="types that stand beside untyped code",
        gate="structure",
        change=lambda twin: twin.append(TEST, "\n\ndef double(value):\n    return value * 2\n").write(
            f"{TEST}i", "def double(value: int) -> int: ...\n"
        ),
        file=f"{TEST}i",
        says="the type checker reads this in place of the code beside it",
        fix="annotate the code itself",
    ),
    Violation(
        what="an import that nobody uses, and a comment that ruff reads although it has a space more",
        gate="lint",
        change=lambda twin: twin.replace(
            DOMAIN, "from typing", "import os  # ruff : disable[F401]\nfrom typing"
        ),
        file=DOMAIN,
        line="import os",
        says="`os` imported but unused [F401]",
        fix="Remove unused import",
    ),
    Violation(
        what="code as it was typed, and a comment that says so",
        gate="exclusions",
        change=lambda twin: twin.append(DOMAIN, "ids = [ ArticleId(1),ArticleId(2) ]  # fmt: skip\n"),
        file=DOMAIN,
        line="ids = [",
        says="an undeclared exclusion from lint in app/domain/news.py: fmt:",
        fix=DECLARE,
    ),
    Violation(
        what="code that the type checker takes for unreachable",
        gate="exclusions",
        change=lambda twin: twin.replace(DOMAIN, "NewType\n", "TYPE_CHECKING, NewType\n").append(
            DOMAIN, f"\nif not TYPE_CHECKING:\n\n{INNER}"
        ),
        file=DOMAIN,
        line="if not TYPE_CHECKING",
        says="an undeclared exclusion from types in app/domain/news.py: TYPE_CHECKING",
        fix=DECLARE,
    ),
    Violation(
        what="a lint rule that is off for a folder",
        gate="exclusions",
        change=lambda twin: twin.replace(PYPROJECT, '"tests/**" = ["S101"]', '"tests/**" = ["S101", "S105"]'),
        file=PYPROJECT,
        line="tests/**",
        says="an undeclared exclusion from lint in tests/**: S105",
        fix=DECLARE,
    ),
    Violation(
        what="a module that coverage omits",
        gate="exclusions",
        change=lambda twin: twin.replace(PYPROJECT, "branch = true", 'branch = true\nomit = ["app/main.py"]'),
        file=PYPROJECT,
        line="app/main.py",
        says="an undeclared exclusion from coverage in app/main.py: all",
        fix=DECLARE,
    ),
    Violation(
        what="code that coverage is told to overlook",
        gate="exclusions",
        change=lambda twin: twin.append(
            DOMAIN, "\n\ndef double(value: int) -> int:  # pragma: no cover\n    return value * 2\n"
        ),
        file=DOMAIN,
        line="pragma",
        says="an undeclared exclusion from coverage in app/domain/news.py: pragma: no",
        fix=DECLARE,
        also=("coverage-global", "coverage-critical", "coverage-new"),
    ),
    Violation(
        what="a hook that passes tests without running them",
        gate="exclusions",
        change=lambda twin: twin.write(
            "backend/tests/conftest.py", "def pytest_pyfunc_call() -> bool:\n    return True\n"
        ),
        file="backend/tests/conftest.py",
        line="def pytest_pyfunc_call",
        says="an undeclared exclusion from tests in tests/conftest.py: pytest_pyfunc_call",
        fix=DECLARE,
    ),
    Violation(
        what="a hook by assignment",
        gate="exclusions",
        change=lambda twin: twin.write("backend/tests/conftest.py", "pytest_pyfunc_call = id\n"),
        file="backend/tests/conftest.py",
        line="pytest_pyfunc_call",
        says="an undeclared exclusion from tests in tests/conftest.py: pytest_pyfunc_call",
        fix=DECLARE,
    ),
    Violation(
        what="a declaration that nothing needs",
        gate="exclusions",
        change=lambda twin: twin.rule(
            'path = "tests/**"\nrules = ["S101"]', 'path = "tests/**"\nrules = ["S101", "S105"]'
        ),
        file=RULE_BOOK,
        line='path = "tests/**"',
        says="lint exclusion S105 of tests/** is declared but not in use",
        fix="take it out of [[exclusions]]",
        also=("change-control",),
    ),
    Violation(
        what="a key in the settings, and a comment that says it is none",
        gate="secrets",
        change=lambda twin: twin.append(
            "backend/app/core/database.py", f"{KEY}  # pragma: allowlist secret\n"
        ),
        file="backend/app/core/database.py",
        line="KEY = ",
        says="looks like a secret: AWS Access Key",
        fix="take it out and replace it where it is in use",
        also=("exclusions",),
    ),
    Violation(
        what="a private key in the documents",
        gate="secrets",
        change=lambda twin: twin.write("docs/key.txt", "-----BEGIN " + "RSA PRIVATE KEY-----\n"),
        file="docs/key.txt",
        line="BEGIN",
        says="looks like a secret: Private Key",
        fix="take it out",
    ),
    Violation(
        what="a secret beside the locks, which nobody searches",
        gate="stack",
        change=lambda twin: twin.write("backend/requirements/notes.txt", f"{AWS}\n"),
        file="backend/requirements/notes.txt",
        says="neither a list of requirements nor a lock",
        fix="put it where the gates read it",
    ),
    Violation(
        what="a password in a router",
        gate="secrets",
        change=lambda twin: twin.append(ROUTER, "\n\npassword = " + '"correct-horse-battery"\n'),
        file=ROUTER,
        line="password",
        says="looks like a secret: Secret Keyword",
        fix="take it out",
        also=("lint",),
    ),
]
