"""The files that the gates read: `COMPLETE` is the project that cases change, and every gate accepts it."""

import json

from tests.gates.support.parts.application import (
    APPLICATION,
    CASES,
    DEV_LOCK,
    FILES,
    MAIN,
    NOXFILE,
    PYPROJECT,
    REGISTRY,
    ROUTER,
    RUNTIME,
    RUNTIME_LOCK,
    SCHEMAS,
    SETTINGS,
    USE_CASE,
    installed,
    lock,
)
from tests.gates.support.parts.automation import AUTOMATION
from tests.gates.support.parts.contract import CONTRACT
from tests.gates.support.parts.migrations import MIGRATIONS
from tests.gates.support.sample_project import Part

TEST = "backend/tests/unit/test_news.py"
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

TABLES = """[stack]
runtime = ["fastapi", "pydantic", "sqlalchemy"]
[tree]
"docs/" = "decisions"
"backend/stubs/" = "types of libraries"
[imports]
dynamic-modules = ["logging.config", "importlib", "sys.modules", "runpy"]
dynamic-names = ["__dict__", "__import__", "__globals__", "exec", "eval", "globals"]
[routes.undocumented]
[routes.open-bodies]
[mutation]
min-score-modules = 80
test-seconds = 60
desk-seconds = 60
[mutation.tests]
"app/*" = ["tests/unit"]
[coverage]
new = { lines = 95, branches = 90 }
critical = { lines = 95, branches = 90 }
[[exclusions]]
kind = "secrets"
path = "requirements/*.txt"
rules = ["all"]
reason = "digests"
[default]
sessions = ["static", "slow"]
[commands]
other = ["fix"]
"""
NOXFILE_SOURCE = '''"""The tasks."""

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


def _rules() -> str:
    """Return the tables of all rules and of the sessions that run their gates."""
    rules = "".join(
        f'[rules.{number}]\nsummary = "{summary}"\ngates = {json.dumps(gates)}\n'
        for number, (summary, gates) in RULES.items()
    )
    return f"{TABLES}{rules}[sessions]\nstatic = {json.dumps(STATIC)}\nslow = {json.dumps(SLOW)}\n"


STRICTER_SETTINGS = (
    SETTINGS.replace("strict = true", 'strict = true\nfiles = ["app", "tests"]\nmypy_path = "stubs"')
    .replace('"E", "F"', '"F", "PLR2004"')
    .replace("[tool.ruff]", "[tool.ruff]\nline-length = 110")
    .replace(
        "branch = true", 'branch = true\nrelative_files = true\ndata_file = "../reports/coverage/.coverage"'
    )
)
ALL_FILES = {
    ".gitignore": "/reports/\n.import_linter_cache/\n.ruff_cache/\n.pytest_cache/\n__pycache__/\n",
    "docs/decisions/0001-rules.md": "# 1. Rules\n\nContext. Decision. Consequences.\n",
    "README.md": "`static` reads the code, `slow` runs it; run `./noxw -s fix` before.\n",
    NOXFILE: NOXFILE_SOURCE,
    PYPROJECT: STRICTER_SETTINGS,
    RUNTIME: "fastapi\npydantic\nsqlalchemy[asyncio]\n",
    RUNTIME_LOCK: lock("fastapi==1.0", "pydantic==1.0", "sqlalchemy==2.0"),
    DEV_LOCK: lock("fastapi==1.0", "pydantic==1.0", "ruff==1.0", "sqlalchemy==2.0"),
    **installed("pydantic==1.0"),
    **installed("fastapi==0.9"),
    **installed("fastapi==1.1"),
    **installed("structlog==1.0"),
    **installed("ruff==1.1", "attrs>=1"),
    **installed("attrs==1.0"),
    REGISTRY: f"CHECKS = {json.dumps(dict.fromkeys(GATES, ''), indent=4)}\n".replace('""\n', '"",\n'),
    CASES: (
        "class InvalidCase:\n    def __init__(self, gate: str) -> None: ...\n\n\n"
        + "".join(f'InvalidCase(gate="{gate}")\n' for gate in GATES)
    ),
    TEST: TESTS,
    ROUTER: ROUTES,
    SCHEMAS: SCHEMA,
    "backend/app/presentation/http/schemas/__init__.py": "",
    MAIN: FILES[MAIN].replace("FastAPI()", "FastAPI(openapi_url=None)"),
    "backend/app/application/access.py": (
        'from enum import StrEnum\n\n\nclass Action(StrEnum):\n    PUBLISH = "news:publish"\n\n\n'
        "POLICY = {Action.PUBLISH: None}\n"
    ),
    USE_CASE: (
        "from app.domain.news import ArticleId\n\n\n"
        "async def publish_article(id: ArticleId) -> ArticleId:\n    return id\n"
    ),
    **{f"backend/stubs/{name}.pyi": text for name, text in STUBS.items()},
}
ALL_GATES = Part(ALL_FILES, _rules())
COMPLETE = (APPLICATION, MIGRATIONS, CONTRACT, AUTOMATION, ALL_GATES)
