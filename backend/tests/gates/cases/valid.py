"""Changes that break no rule, each close to one that does."""

from tests.gates.cases.case import Innocent
from tests.gates.cases.contract import contract
from tests.gates.cases.migrations import ADD, DROP, SECOND, street
from tests.gates.cases.workflows import OTHER_WORKFLOW, alone
from tests.gates.support.complete import (
    COMPOSE,
    DECISION,
    DEV_LOCK,
    DOCKERFILE,
    DOMAIN,
    HOOKS,
    MAIN,
    PUBLISHED,
    PYPROJECT,
    REPOSITORY,
    ROUTER,
    RUNTIME,
    RUNTIME_LOCK,
    SCHEMAS,
    SERVED,
    TEST,
    USE_CASE,
    WORKFLOW,
)
from tests.gates.support.minimal import lock
from tests.gates.support.sample_project import Twin

CALL = "    return Published(id=await publish_article(ArticleId(id)))\n"
IMPORT = "from app.domain.news import ArticleId\n"
LINES = "lines = 90, branches = 85"
QUOTED = "Context Decision Consequences `coverage.global.lines 90 → 80`\n"
MORE = (
    '[[exclusions]]\nkind = "{}"\npath = "{}"\nrules = ["{}"]\nreason = "r"\n\n[[exclusions]]\nkind = "lint"'
)
GONE = ("paths", "/news/{id}/archive")
PARAMETER = (*GONE, "post", "parameters", "1")
BREAK = f'[[contract-breaks]]\npointer = "/paths/~1news~1{{id}}~1archive/post"\ndecision = "{DECISION}"\n\n'


def _declare(twin: Twin, kind: str, path: str, rule: str) -> Twin:
    """Declare an exclusion, with a decision that quotes it."""
    twin.write(DECISION, f"Context Decision Consequences `+exclusions {kind} {path} {rule}`\n")
    return twin.rule('[[exclusions]]\nkind = "lint"', MORE.format(kind, path, rule))


def _publish(twin: Twin, text: str) -> Twin:
    return twin.write(PUBLISHED, text).write(SERVED, text)


ENTRIES = [
    Innocent(
        what="a function, tidy and typed",
        gate="format",
        change=lambda twin: twin.append(
            DOMAIN, "\n\ndef double(value: int) -> int:\n    return value + value\n"
        ),
    ),
    Innocent(
        what="a text about exclusions",
        gate="exclusions",
        change=lambda twin: twin.append(DOMAIN, 'TEXT = "# noqa and # type: ignore"\n'),
    ),
    Innocent(
        what="an exclusion with a declaration and a decision",
        gate="exclusions",
        change=lambda twin: _declare(twin, "lint", "app/main.py", "F401").replace(
            PYPROJECT, '"tests/**" = ["S101"]', '"tests/**" = ["S101"]\n"app/main.py" = ["F401"]'
        ),
    ),
    Innocent(
        what="imports for types only",
        gate="exclusions",
        change=lambda twin: (
            twin.replace(
                USE_CASE,
                IMPORT,
                f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    {IMPORT}",
            )
            .replace(USE_CASE, "(id: ArticleId)", '(id: "ArticleId")')
            .replace(USE_CASE, "-> ArticleId", '-> "ArticleId"')
        ),
    ),
    Innocent(
        what="an attribute that is called skip",
        gate="exclusions",
        change=lambda twin: twin.append(
            TEST, "\n\ndef test_pages() -> None:\n    assert slice(1).stop\n    skip = 1\n    assert skip\n"
        ),
    ),
    Innocent(
        what="a regular expression and the version of Python",
        gate="imports",
        change=lambda twin: twin.write(
            DOMAIN,
            "import re\nimport sys\nfrom typing import NewType\n\n"
            'ArticleId = NewType("ArticleId", int)\nPATTERN = re.compile("x")\nVERSION = sys.version_info\n',
        ),
    ),
    Innocent(
        what="attributes by name, of objects",
        gate="imports",
        change=lambda twin: twin.append(
            REPOSITORY, "\n\ndef column(row: object, name: str) -> object:\n    return getattr(row, name)\n"
        ),
    ),
    Innocent(
        what="a docstring that names another layer",
        gate="imports",
        change=lambda twin: twin.append(DOMAIN, '"""Unlike app.infrastructure, this is pure."""\n'),
    ),
    Innocent(
        what="core logs",
        gate="imports",
        change=lambda twin: twin.write(
            "backend/app/core/logs.py", 'import logging\n\nlog = logging.getLogger("app")\n'
        ),
    ),
    Innocent(
        what="infrastructure uses the domain",
        gate="layers",
        change=lambda twin: twin.replace(
            REPOSITORY,
            "from app.core.database import engine\n",
            "from app.core.database import engine\nfrom app.domain.news import ArticleId\n",
        ).append(REPOSITORY, "    kind = ArticleId\n"),
    ),
    Innocent(
        what="a handler that hands its answer on in two steps",
        gate="handlers",
        change=lambda twin: twin.replace(
            ROUTER,
            CALL,
            "    article = await publish_article(ArticleId(id))\n    return Published(id=article)\n",
        ),
    ),
    Innocent(
        what="a composition root that wires in a loop",
        gate="handlers",
        change=lambda twin: twin.replace(
            MAIN,
            "    app.include_router(news.router)\n",
            "    for router in (news.router,):\n        app.include_router(router)\n",
        ),
    ),
    Innocent(
        what="a field that is described",
        gate="routes",
        change=lambda twin: twin.append(SCHEMAS, "    title: str\n").replace(
            ROUTER, "Published(id=", 'Published(title="", id='
        ),
    ),
    Innocent(
        what="a newer version of a library",
        gate="stack",
        change=lambda twin: (
            twin.replace(RUNTIME, "fastapi", "fastapi>=1.1")
            .replace(RUNTIME_LOCK, "fastapi==1.0", "fastapi==1.1")
            .replace(DEV_LOCK, "fastapi==1.0", "fastapi==1.1")
        ),
    ),
    Innocent(
        what="what a dependency brings along",
        gate="stack",
        change=lambda twin: twin.replace(DEV_LOCK, "ruff==1.0", "ruff==1.1").write(
            DEV_LOCK, lock("attrs==1.0") + (twin.root / DEV_LOCK).read_text()
        ),
    ),
    Innocent(
        what="words of SQL in a sentence",
        gate="stack",
        change=lambda twin: twin.append(
            REPOSITORY, '    text = "We create a table for two; then drop what is left."\n'
        ),
    ),
    Innocent(
        what="a guide in the documents",
        gate="structure",
        change=lambda twin: twin.write("docs/guide.md", "Run `./noxw -s static fix`.\n"),
    ),
    Innocent(
        what="a stricter rule book",
        gate="change-control",
        change=lambda twin: twin.rule(LINES, "lines = 91, branches = 86").rule(
            "file-lines = 60", "file-lines = 59"
        ),
    ),
    Innocent(
        what="a looser one, with a decision that says so",
        gate="change-control",
        change=lambda twin: twin.rule(LINES, "lines = 80, branches = 85").write(DECISION, QUOTED),
    ),
    Innocent(
        what="a newer version of an action",
        gate="change-control",
        change=lambda twin: twin.replace(WORKFLOW, "@3d3c42e5", "@4d3c42e5"),
    ),
    Innocent(
        what="a hook by another name for people",
        gate="workflows",
        change=lambda twin: twin.replace(HOOKS, "name: gates", "name: every gate"),
    ),
    Innocent(
        what="a workflow that judges no change",
        gate="workflows",
        change=lambda twin: twin.write(OTHER_WORKFLOW, alone("workflow_dispatch")),
    ),
    Innocent(
        what="versions of which nothing is known",
        gate="vulnerabilities",
        change=lambda twin: twin.replace(RUNTIME_LOCK, "fastapi==1.0", "fastapi==1.1").replace(
            DEV_LOCK, "fastapi==1.0", "fastapi==1.1"
        ),
    ),
    Innocent(
        what="another container with a version",
        gate="workflows",
        change=lambda twin: twin.replace(DOCKERFILE, "bookworm-slim", "trixie-slim").replace(
            COMPOSE, "postgres:16", "postgres:15"
        ),
    ),
    Innocent(
        what="an operation more",
        gate="openapi",
        change=lambda twin: _publish(
            twin,
            contract(*GONE, "get", value={"operationId": "read", "responses": {"200": {"description": "x"}}}),
        ),
    ),
    Innocent(
        what="a text that may be longer",
        gate="openapi",
        change=lambda twin: _publish(twin, contract(*PARAMETER, "schema", "maxLength", value=300)),
    ),
    Innocent(
        what="an operation that is gone, as a new decision says",
        gate="openapi",
        change=lambda twin: (
            _publish(twin, contract(*GONE))
            .rule("[routes.undocumented]", f"{BREAK}[routes.undocumented]")
            .write(DECISION, "Context Decision Consequences\n")
        ),
    ),
    Innocent(
        what="a revision with its model",
        gate="migration-drift",
        change=lambda twin: street(twin, ADD, DROP),
    ),
    Innocent(
        what="a revision that moves rows, and back",
        gate="migration-cycle",
        change=lambda twin: twin.write(
            SECOND,
            'from alembic import op\n\nrevision = "second"\ndown_revision = "first"\n\n\n'
            'def upgrade() -> None:\n    op.execute("UPDATE neighbours SET age = age + 1")\n\n\n'
            'def downgrade() -> None:\n    op.execute("UPDATE neighbours SET age = age - 1")\n',
        ),
    ),
    Innocent(
        what="a test more",
        gate="tests",
        change=lambda twin: twin.append(
            TEST, "\n\ndef test_ids_are_equal() -> None:\n    assert ArticleId(1) == 1\n"
        ),
    ),
    Innocent(
        what="code that is gone, with what tested it",
        gate="coverage-trend",
        change=lambda twin: twin.replace(USE_CASE, "    return id\n", "    return ArticleId(id)\n"),
    ),
    Innocent(
        what="a reason for what stands there",
        gate="secrets",
        change=lambda twin: twin.append(ROUTER, "\n\n# The password is asked for by the form.\n"),
    ),
]
