"""The project that cases change: small, complete, and accepted by every gate."""

import json

from gates.architecture.sessions import table
from gates.rulebook import RuleBook
from tests.gates.support import minimal, with_migrations
from tests.gates.support.minimal import installed, lock
from tests.gates.support.sample_project import RULE_BOOK

ROUTER = "backend/app/presentation/http/routers/news.py"
SCHEMAS = "backend/app/presentation/http/schemas/news.py"
DOMAIN = "backend/app/domain/news.py"
USE_CASE = "backend/app/application/news.py"
REPOSITORY = "backend/app/infrastructure/database/news.py"
MAIN = "backend/app/main.py"
TEST = "backend/tests/unit/test_news.py"
PYPROJECT = "backend/pyproject.toml"
PUBLISHED, SERVED = "backend/openapi.json", "backend/app/presentation/http/contract.json"
WORKFLOW, HOOKS = ".github/workflows/ci.yml", ".pre-commit-config.yaml"
DOCKERFILE, COMPOSE = ".devcontainer/Dockerfile", ".devcontainer/compose.yaml"
DEVCONTAINER = ".devcontainer/devcontainer.json"
RUNTIME = "backend/requirements/runtime.in"
RUNTIME_LOCK, DEV_LOCK = "backend/requirements/runtime.txt", "backend/requirements/dev.txt"
DECISION = "docs/decisions/0002-why.md"

RULES = {
    "R01": ("Style.", ["format", "lint"]),
    "R02": ("Types.", ["types"]),
    "R03": ("Layers.", ["layers", "imports"]),
    "R04": ("Routers.", ["handlers"]),
    "R05": ("Stack.", ["stack"]),
    "R06": ("Structure.", ["structure"]),
    "R07": ("Change control.", ["change-control"]),
    "R08": ("Contract.", ["openapi"]),
    "R09": ("Routes.", ["routes"]),
    "R10": ("Schema.", ["migration-head", "migration-drift"]),
    "R11": ("Revisions.", ["migration-code", "migration-cycle"]),
    "R12": ("Tests.", ["tests"]),
    "R13": ("Coverage.", ["coverage-global", "coverage-critical", "coverage-new", "coverage-trend"]),
    "R14": ("Exclusions.", ["exclusions"]),
    "R15": ("Secrets.", ["secrets"]),
    "R16": ("Files.", ["workflows"]),
    "R17": ("Mutants.", ["mutants"]),
    "R18": ("Vulnerabilities.", ["vulnerabilities"]),
}
SLOW = ["routes", "migration-drift", "migration-cycle", "tests", "mutants", "vulnerabilities"]
"""Gates that start the application, PostgreSQL or pytest, or ask a service: for changes that name them."""
GATES = [gate for _, gates in RULES.values() for gate in gates]
STATIC = [gate for gate in GATES if gate not in SLOW]

CONTRACT = {
    "openapi": "3.1.0",
    "paths": {
        f"/news/{{id}}/{verb}": {
            "post": {
                "operationId": f"{verb}_news",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "note", "in": "query", "schema": {"type": "string", "maxLength": 200}},
                ],
                "responses": {"200": {"description": "Done."}, "404": {"description": "Not found."}},
            }
        }
        for verb in ("archive", "publish")
    },
}


def contract_text(contract: object = CONTRACT) -> str:
    """Return a contract as it is published."""
    return json.dumps(contract, indent=1) + "\n"


def _book() -> str:
    """Return the minimal rule book with all rules and what they need, and its table."""
    rules = "".join(
        f'[rules.{number}]\nsummary = "{says}"\ngates = {json.dumps(gates)}\n'
        for number, (says, gates) in RULES.items()
    )
    text = minimal.BOOK
    for old, new in (
        (text[text.index("[rules.R01]") : text.index("[default]")], rules),
        ('sessions = ["lint"]', 'sessions = ["static", "slow"]'),
        ('lint = ["lint", "layers"]', f"static = {json.dumps(STATIC)}\nslow = {json.dumps(SLOW)}"),
        ("[tree]\n", TREE),
        ('dynamic-modules = ["importlib"', 'dynamic-modules = ["logging.config", "importlib"'),
        ('dynamic-names = ["__import__"', 'dynamic-names = ["__dict__", "__import__"'),
        ("[[exclusions]]\n", f"{TABLES}[[exclusions]]\n"),
        ('runtime = ["fastapi", ', 'runtime = ["fastapi", "pydantic", '),
        (
            "[mutation]\nmin-score-changed = 80\n",
            "[mutation]\nmin-score-changed = 80\nmin-score-modules = 80\ntest-seconds = 60\n" + JUDGING,
        ),
        ("global = { lines = 90, branches = 85 }", COVERAGE),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    start, end = text.index("| rule |"), text.index("<!-- /gates -->")
    proved = {(gate, "proofs") for gate in GATES}
    return text[:start] + table(RuleBook.parse(text), proved) + text[end:]


COVERAGE = """global = { lines = 90, branches = 85 }
new = { lines = 95, branches = 90 }
critical = { lines = 95, branches = 90 }"""
TREE = """[tree]
".devcontainer/" = "the container"
".github/" = "the workflow"
"docs/" = "decisions"
"backend/openapi.json" = "the contract"
"backend/stubs/" = "types of libraries"
"""
JUDGING = '[mutation.tests]\n"app/*" = ["tests/unit"]\n'
TABLES = """[routes.undocumented]
[routes.open-bodies]
[migrations]
imports = ["alembic", "sqlalchemy"]
lock-timeout-seconds = 4
library-schemas = []
[migrations.squawk-ignored]
prefer-robust-stmts = "one transaction each"
require-statement-timeout = "made with care"
prefer-bigint-over-int = "few neighbours"

[[exclusions]]
kind = "secrets"
path = "requirements/*.txt"
rules = ["all"]
reason = "digests"
"""
NOXFILE = '''"""The tasks."""

import nox

nox.options.sessions = ["static", "slow"]


def gates(session: nox.Session) -> None:
    """Run the gates of the session of this name."""
    session.run("python", "-m", "gates", "run", session.name)


@nox.session
def static(session: nox.Session) -> None:
    """Read the code."""
    gates(session)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the code."""
    gates(session)


@nox.session(default=False)
def fix(session: nox.Session) -> None:
    """Fix."""
    session.run("ruff", "format")
'''
ROUTES = '''"""News over HTTP."""

from fastapi import APIRouter

from app.application.news import publish_article
from app.domain.news import ArticleId
from app.presentation.http.schemas.news import Published

router = APIRouter()
ACTION = {"x-action": "news:publish"}


@router.post("/{id}/publish", summary="Publish", responses={404: {}}, openapi_extra=ACTION)
async def publish(id: int) -> Published:
    """Publish an article."""
    return Published(id=await publish_article(ArticleId(id)))
'''
SCHEMA = '''"""News as they are said."""

from pydantic import BaseModel


class Published(BaseModel):
    """An article that everybody can read."""

    id: int
'''
TESTS = """from app.domain.news import ArticleId


def test_an_id_is_a_number() -> None:
    assert ArticleId(1) == 1
"""
CI = """name: CI
on:
  pull_request:
  merge_group:
permissions: {}
concurrency:
  group: ci
  cancel-in-progress: true
jobs:
  gates:
    name: Gates
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
    strategy:
      matrix:
        include:
          - { python: "3.11", postgresql: "15" }
          - { python: "3.12", postgresql: "16" }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - run: ./noxw
  required:
    name: Required
    if: always()
    needs: [gates]
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {}
    steps:
      - run: test "$RESULTS" = "success"
        env:
          RESULTS: ${{ join(needs.*.result, ' ') }}
"""
HOOK = """repos:
  - repo: local
    hooks:
      - id: commit
        name: gates
        entry: ./noxw -s static
        language: unsupported
        stages: [pre-commit]
"""
STUBS = {
    "nox": "class Session:\n    name: str\n    def run(self, *command: str) -> None: ...\n",
    "fastapi": (
        "from collections.abc import Callable\nfrom typing import Any, TypeVar\nF = TypeVar('F')\n"
        "class APIRouter:\n    def get(self, path: str, **options: Any) -> Callable[[F], F]: ...\n"
        "    def post(self, path: str, **options: Any) -> Callable[[F], F]: ...\n"
        "class FastAPI(APIRouter):\n    state: Any\n    def __init__(self, **options: Any) -> None: ...\n"
        "    def include_router(self, router: APIRouter) -> None: ...\nRequest: Any\nDepends: Any\n"
    ),
    "pydantic": (
        "from typing import Any\nclass BaseModel:\n    def __init__(self, **fields: Any) -> None: ...\n"
        "ConfigDict: Any\n"
    ),
    "sqlalchemy": "from typing import Any\nclass Table: ...\ndef create_engine(url: str) -> Any: ...\n",
}

FILES = minimal.FILES | {
    ".gitignore": "/reports/\n.import_linter_cache/\n.ruff_cache/\n.pytest_cache/\n__pycache__/\n",
    HOOKS: HOOK,
    WORKFLOW: CI,
    ".github/CODEOWNERS": "/backend/gates/  @leads\n",
    DEVCONTAINER: json.dumps({"remoteUser": "developer", "postCreateCommand": "./noxw -s fix"}),
    DOCKERFILE: "FROM debian:bookworm-slim\nRUN useradd developer\nUSER developer\n",
    COMPOSE: "services:\n  postgres:\n    image: postgres:16\n",
    "docs/decisions/0001-rules.md": "# 1. Rules\n\nContext. Decision. Consequences.\n",
    "README.md": "`static` reads the code, `slow` runs it; run `./noxw -s fix` before.\n",
    "noxfile.py": NOXFILE,
    PYPROJECT: minimal.PYPROJECT.replace(
        "strict = true", 'strict = true\nfiles = ["app", "tests"]\nmypy_path = "stubs"'
    )
    .replace('"E", "F"', '"F", "PLR2004"')
    .replace("[tool.ruff]", "[tool.ruff]\nline-length = 110")
    .replace(
        "branch = true", 'branch = true\nrelative_files = true\ndata_file = "../reports/coverage/.coverage"'
    ),
    RUNTIME: "fastapi\npydantic\nsqlalchemy[asyncio]\n",
    RUNTIME_LOCK: lock("fastapi==1.0", "pydantic==1.0", "sqlalchemy==2.0"),
    DEV_LOCK: lock("fastapi==1.0", "pydantic==1.0", "ruff==1.0", "sqlalchemy==2.0"),
    **installed("pydantic==1.0"),
    **installed("fastapi==0.9"),
    **installed("fastapi==1.1"),
    **installed("structlog==1.0"),
    **installed("ruff==1.1", "attrs>=1"),
    **installed("attrs==1.0"),
    PUBLISHED: contract_text(),
    SERVED: contract_text(),
    with_migrations.ENV: with_migrations.ENVIRONMENT,
    with_migrations.FIRST: with_migrations.FILES[with_migrations.FIRST],
    "backend/gates/registry.py": f"CHECKS = {json.dumps(dict.fromkeys(GATES, ''), indent=4)}\n".replace(
        '""\n', '"",\n'
    ),
    "backend/tests/gates/proofs.py": (
        "class InvalidCase:\n    def __init__(self, gate: str) -> None: ...\n\n\n"
        + "".join(f'InvalidCase(gate="{gate}")\n' for gate in GATES)
    ),
    TEST: TESTS,
    ROUTER: ROUTES,
    SCHEMAS: SCHEMA,
    "backend/app/presentation/http/schemas/__init__.py": "",
    MAIN: minimal.FILES[MAIN].replace("FastAPI()", "FastAPI(openapi_url=None)"),
    "backend/app/__main__.py": (
        "import sys\nfrom pathlib import Path\n\n"
        'sys.stdout.write(Path("app/presentation/http/contract.json").read_text())\n'
    ),
    "backend/app/application/access.py": (
        'from enum import StrEnum\n\n\nclass Action(StrEnum):\n    PUBLISH = "news:publish"\n\n\n'
        "POLICY = {Action.PUBLISH: None}\n"
    ),
    USE_CASE: (
        "from app.domain.news import ArticleId\n\n\n"
        "async def publish_article(id: ArticleId) -> ArticleId:\n    return id\n"
    ),
}
FILES |= {f"backend/stubs/{name}.pyi": text for name, text in STUBS.items()}
FILES[RULE_BOOK] = _book()
