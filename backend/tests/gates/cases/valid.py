"""Changes that break no rule, each close to one that does."""

from tests.gates.cases.case import ValidCase
from tests.gates.cases.contract import contract
from tests.gates.cases.migrations import ADD, DROP, SECOND, THIRD, street
from tests.gates.cases.testing import CHOICE
from tests.gates.cases.workflows import OTHER_WORKFLOW, alone
from tests.gates.support.parts.all_gates import DECISION, TEST
from tests.gates.support.parts.application import (
    DEV_LOCK,
    DOMAIN,
    MAIN,
    PYPROJECT,
    REPOSITORY,
    ROUTER,
    RUNTIME,
    RUNTIME_LOCK,
    SCHEMAS,
    USE_CASE,
    lock,
)
from tests.gates.support.parts.automation import COMPOSE, DOCKERFILE, HOOKS, WORKFLOW
from tests.gates.support.parts.contract import PUBLISHED, SERVED
from tests.gates.support.parts.migrations import revision
from tests.gates.support.sample_project import SampleProject

CALL = "    return Published(id=await publish_article(ArticleId(id)))\n"
IMPORT = "from app.domain.news import ArticleId\n"
LINES = "lines = 90, branches = 85"
QUOTED = "Context Decision Consequences `coverage.global.lines 90 → 80`\n"
MORE = (
    '[[exclusions]]\nkind = "{}"\npath = "{}"\nrules = ["{}"]\nreason = "r"\n\n[[exclusions]]\nkind = "lint"'
)
PRICE_TESTED = """from app.infrastructure.prices import PRICE


def test_costs_one() -> None:
    assert PRICE == 1
"""
CHOICE_TESTED = """from app.infrastructure.database.news import positive


def test_is_never_negative() -> None:
    assert (positive(-1), positive(1)) == (0, 1)
"""
GONE = ("paths", "/news/{id}/archive")
PARAMETER = (*GONE, "post", "parameters", "1")
BREAK = f'[[contract-breaks]]\npointer = "/paths/~1news~1{{id}}~1archive/post"\ndecision = "{DECISION}"\n\n'


def _declare(sample: SampleProject, kind: str, path: str, rule: str) -> SampleProject:
    """Declare an exclusion, with a decision that quotes it."""
    sample.write(DECISION, f"Context Decision Consequences `+exclusions {kind} {path} {rule}`\n")
    return sample.rule('[[exclusions]]\nkind = "lint"', MORE.format(kind, path, rule))


def _double(sample: SampleProject, test: str) -> SampleProject:
    """Add a function to the domain, and what its test does."""
    return (
        sample.append(DOMAIN, "\n\ndef double(value: int) -> int:\n    return value + value\n")
        .replace(TEST, "import ArticleId\n", "import ArticleId, double\n")
        .append(TEST, f"\n\ndef test_doubles() -> None:\n    {test}\n")
    )


def _publish(sample: SampleProject, text: str) -> SampleProject:
    return sample.write(PUBLISHED, text).write(SERVED, text)


CASES = [
    ValidCase(
        id="a test whose name is as long as it may be",
        gate="structure",
        change=lambda sample: sample.append(TEST, f"\n\ndef test_{'x' * 25}() -> None:\n    assert True\n"),
    ),
    ValidCase(
        id="a function, tidy and typed",
        gate="format",
        change=lambda sample: sample.append(
            DOMAIN, "\n\ndef double(value: int) -> int:\n    return value + value\n"
        ),
    ),
    ValidCase(
        id="a number with a name",
        gate="lint",
        change=lambda sample: sample.replace(
            TEST, "import ArticleId\n", "import ArticleId\n\nLATEST = 9\n"
        ).append(TEST, "    assert ArticleId(LATEST) == LATEST\n"),
    ),
    ValidCase(
        id="an answer of the declared type",
        gate="types",
        change=lambda sample: sample.replace(USE_CASE, "return id", "return ArticleId(int(id))"),
    ),
    ValidCase(
        id="a text about exclusions",
        gate="exclusions",
        change=lambda sample: sample.append(DOMAIN, 'TEXT = "# noqa and # type: ignore"\n'),
    ),
    ValidCase(
        id="an exclusion with a declaration and a decision",
        gate="exclusions",
        change=lambda sample: _declare(sample, "lint", "app/main.py", "F401").replace(
            PYPROJECT, '"tests/**" = ["S101"]', '"tests/**" = ["S101"]\n"app/main.py" = ["F401"]'
        ),
    ),
    ValidCase(
        id="imports for types only",
        gate="exclusions",
        change=lambda sample: (
            sample.replace(
                USE_CASE,
                IMPORT,
                f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    {IMPORT}",
            )
            .replace(USE_CASE, "(id: ArticleId)", '(id: "ArticleId")')
            .replace(USE_CASE, "-> ArticleId", '-> "ArticleId"')
        ),
    ),
    ValidCase(
        id="an attribute that is called skip",
        gate="exclusions",
        change=lambda sample: sample.append(
            TEST, "\n\ndef test_pages() -> None:\n    assert slice(1).stop\n    skip = 1\n    assert skip\n"
        ),
    ),
    ValidCase(
        id="a regular expression and the version of Python",
        gate="imports",
        change=lambda sample: sample.write(
            DOMAIN,
            "import re\nimport sys\nfrom typing import NewType\n\n"
            'ArticleId = NewType("ArticleId", int)\nPATTERN = re.compile("x")\nVERSION = sys.version_info\n',
        ),
    ),
    ValidCase(
        id="attributes by name, of objects",
        gate="imports",
        change=lambda sample: sample.append(
            REPOSITORY, "\n\ndef column(row: object, name: str) -> object:\n    return getattr(row, name)\n"
        ),
    ),
    ValidCase(
        id="a docstring that names another layer",
        gate="imports",
        change=lambda sample: sample.append(DOMAIN, '"""Unlike app.infrastructure, this is pure."""\n'),
    ),
    ValidCase(
        id="core logs",
        gate="imports",
        change=lambda sample: sample.write(
            "backend/app/core/logs.py", 'import logging\n\nlog = logging.getLogger("app")\n'
        ),
    ),
    ValidCase(
        id="infrastructure uses the domain",
        gate="layers",
        change=lambda sample: sample.replace(
            REPOSITORY,
            "from app.core.database import engine\n",
            "from app.core.database import engine\nfrom app.domain.news import ArticleId\n",
        ).append(REPOSITORY, "    kind = ArticleId\n"),
    ),
    ValidCase(
        id="a handler that hands its answer on in two steps",
        gate="handlers",
        change=lambda sample: sample.replace(
            ROUTER,
            CALL,
            "    article = await publish_article(ArticleId(id))\n    return Published(id=article)\n",
        ),
    ),
    ValidCase(
        id="a composition root that wires in a loop",
        gate="handlers",
        change=lambda sample: sample.replace(
            MAIN,
            "    app.include_router(news.router)\n",
            "    for router in (news.router,):\n        app.include_router(router)\n",
        ),
    ),
    ValidCase(
        id="a field that is described",
        gate="routes",
        change=lambda sample: sample.append(SCHEMAS, "    title: str\n").replace(
            ROUTER, "Published(id=", 'Published(title="", id='
        ),
    ),
    ValidCase(
        id="a newer version of a library",
        gate="stack",
        change=lambda sample: (
            sample.replace(RUNTIME, "fastapi", "fastapi>=1.1")
            .replace(RUNTIME_LOCK, "fastapi==1.0", "fastapi==1.1")
            .replace(DEV_LOCK, "fastapi==1.0", "fastapi==1.1")
        ),
    ),
    ValidCase(
        id="what a dependency brings along",
        gate="stack",
        change=lambda sample: sample.replace(DEV_LOCK, "ruff==1.0", "ruff==1.1").write(
            DEV_LOCK, lock("attrs==1.0") + (sample.root / DEV_LOCK).read_text()
        ),
    ),
    ValidCase(
        id="words of SQL in a sentence",
        gate="stack",
        change=lambda sample: sample.append(
            REPOSITORY, '    text = "We create a table for two; then drop what is left."\n'
        ),
    ),
    ValidCase(
        id="a guide in the documents",
        gate="structure",
        change=lambda sample: sample.write("docs/guide.md", "Run `./noxw -s static fix`.\n"),
    ),
    ValidCase(
        id="a stricter rule book",
        gate="change-control",
        change=lambda sample: sample.rule(LINES, "lines = 91, branches = 86").rule(
            "file-lines = 60", "file-lines = 59"
        ),
    ),
    ValidCase(
        id="a looser one, with a decision that says so",
        gate="change-control",
        change=lambda sample: sample.rule(LINES, "lines = 80, branches = 85").write(DECISION, QUOTED),
    ),
    ValidCase(
        id="a newer version of an action",
        gate="change-control",
        change=lambda sample: sample.replace(WORKFLOW, "@3d3c42e5", "@4d3c42e5"),
    ),
    ValidCase(
        id="a hook by another name for people",
        gate="workflows",
        change=lambda sample: sample.replace(HOOKS, "name: gates", "name: every gate"),
    ),
    ValidCase(
        id="a workflow that judges no change",
        gate="workflows",
        change=lambda sample: sample.write(OTHER_WORKFLOW, alone("workflow_dispatch")),
    ),
    ValidCase(
        id="versions of which nothing is known",
        gate="vulnerabilities",
        change=lambda sample: sample.replace(RUNTIME_LOCK, "fastapi==1.0", "fastapi==1.1").replace(
            DEV_LOCK, "fastapi==1.0", "fastapi==1.1"
        ),
    ),
    ValidCase(
        id="another container with a version",
        gate="workflows",
        change=lambda sample: sample.replace(DOCKERFILE, "bookworm-slim", "trixie-slim").replace(
            COMPOSE, "postgres:16", "postgres:15"
        ),
    ),
    ValidCase(
        id="an operation more",
        gate="openapi",
        change=lambda sample: _publish(
            sample,
            contract(*GONE, "get", value={"operationId": "read", "responses": {"200": {"description": "x"}}}),
        ),
    ),
    ValidCase(
        id="a text that may be longer",
        gate="openapi",
        change=lambda sample: _publish(sample, contract(*PARAMETER, "schema", "maxLength", value=300)),
    ),
    ValidCase(
        id="an operation that is gone, as a new decision says",
        gate="openapi",
        change=lambda sample: (
            _publish(sample, contract(*GONE))
            .rule("[routes.undocumented]", f"{BREAK}[routes.undocumented]")
            .write(DECISION, "Context Decision Consequences\n")
        ),
    ),
    ValidCase(
        id="a revision after the last one",
        gate="migration-head",
        change=lambda sample: street(sample, ADD, DROP).write(
            THIRD,
            revision(
                "door",
                "street",
                ["COMMENT ON COLUMN neighbours.street IS 'without the door'"],
                ["COMMENT ON COLUMN neighbours.street IS NULL"],
            ),
        ),
    ),
    ValidCase(
        id="a revision that fills in a constant",
        gate="migration-code",
        change=lambda sample: street(sample, [*ADD, "UPDATE neighbours SET street = 'Plaza'"], DROP),
    ),
    ValidCase(
        id="a revision with its model",
        gate="migration-drift",
        change=lambda sample: street(sample, ADD, DROP),
    ),
    ValidCase(
        id="a revision that moves rows, and back",
        gate="migration-cycle",
        change=lambda sample: sample.write(
            SECOND,
            'from alembic import op\n\nrevision = "second"\ndown_revision = "first"\n\n\n'
            'def upgrade() -> None:\n    op.execute("UPDATE neighbours SET age = age + 1")\n\n\n'
            'def downgrade() -> None:\n    op.execute("UPDATE neighbours SET age = age - 1")\n',
        ),
    ),
    ValidCase(
        id="a test more",
        gate="tests",
        change=lambda sample: sample.append(
            TEST, "\n\ndef test_ids_are_equal() -> None:\n    assert ArticleId(1) == 1\n"
        ),
    ),
    ValidCase(
        id="a test that asserts what the code is for",
        gate="mutants",
        change=lambda sample: _double(sample, "assert (double(0), double(1)) == (0, 1 + 1)"),
    ),
    ValidCase(
        id="a module that a test runs",
        gate="coverage-global",
        change=lambda sample: sample.write("backend/app/infrastructure/prices.py", "PRICE = 1\n").write(
            "backend/tests/unit/test_prices.py", PRICE_TESTED
        ),
    ),
    ValidCase(
        id="a function of a critical module with its test",
        gate="coverage-critical",
        change=lambda sample: _double(sample, "assert double(1) == 1 + 1"),
    ),
    ValidCase(
        id="a new condition with a test of both outcomes",
        gate="coverage-new",
        change=lambda sample: sample.append(REPOSITORY, CHOICE).write(
            "backend/tests/unit/test_positive.py", CHOICE_TESTED
        ),
    ),
    ValidCase(
        id="code that is gone, with what tested it",
        gate="coverage-trend",
        change=lambda sample: sample.replace(USE_CASE, "    return id\n", "    return ArticleId(id)\n"),
    ),
    ValidCase(
        id="a reason for what stands there",
        gate="secrets",
        change=lambda sample: sample.append(ROUTER, "\n\n# The password is asked for by the form.\n"),
    ),
]
