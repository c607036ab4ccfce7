"""A small application in layers, and two rules: the smallest project that every static gate accepts."""

from tests.gates.support.sample_project import Part

ROUTER = "backend/app/presentation/http/routers/news.py"
SCHEMAS = "backend/app/presentation/http/schemas/news.py"
DOMAIN = "backend/app/domain/news.py"
USE_CASE = "backend/app/application/news.py"
REPOSITORY = "backend/app/infrastructure/database/news.py"
MAIN = "backend/app/main.py"
PYPROJECT = "backend/pyproject.toml"
RUNTIME = "backend/requirements/runtime.in"
RUNTIME_LOCK = "backend/requirements/runtime.txt"
DEV_LOCK = "backend/requirements/dev.txt"
NOXFILE = "noxfile.py"
REGISTRY = "backend/gates/registry.py"
CASES = "backend/tests/gates/proofs.py"

TABLES = """[stack]
framework = "fastapi"
orm = "sqlalchemy"
runtime = ["fastapi", "sqlalchemy"]
dev = ["ruff"]
forbidden = ["sqlmodel", "peewee"]
[tree]
".agent/rules/" = "rules"
".gitignore" = "not kept"
".pre-commit-config.yaml" = "hooks"
"README.md" = "the first screen"
"noxfile.py" = "the tasks"
"backend/pyproject.toml" = "tools"
"backend/requirements/" = "locks"
"backend/alembic/" = "migrations"
"backend/app/" = "the application"
"backend/app/application/" = "use cases"
"backend/app/core/" = "the engine"
"backend/app/domain/" = "entities"
"backend/app/infrastructure/" = "adapters"
"backend/app/infrastructure/database/" = "repositories"
"backend/app/presentation/" = "the border"
"backend/app/presentation/http/" = "routers"
"backend/gates/" = "gates"
"backend/tests/" = "tests"
[structure]
forbidden-files = ["ruff.toml", "pyproject.toml", "setup.cfg"]
[layers.domain]
layers = []
libraries = []
[layers.application]
layers = ["domain"]
libraries = []
[layers.core]
layers = []
libraries = ["sqlalchemy"]
[layers.infrastructure]
layers = ["application", "domain", "core"]
libraries = ["sqlalchemy"]
[layers.presentation]
layers = ["application", "domain", "core"]
libraries = ["fastapi", "pydantic"]
[layers.main]
modules = ["app.main", "app.__main__"]
layers = ["application", "core", "domain", "infrastructure", "presentation"]
libraries = ["fastapi"]
[imports]
dynamic-modules = ["importlib", "sys.modules", "runpy"]
dynamic-names = ["__import__", "__globals__", "exec", "eval", "globals"]
[handlers]
route-methods = [
  "delete", "get", "patch", "post", "put",
]
forbidden-registrations = ["add_api_route", "mount"]
forbidden-attributes = ["commit", "execute", "session", "state", "__dict__"]
forbidden-calls = ["sorted", "sum"]
pass-through = ["UowDep"]
state = "request.app.state.dependencies"
state-reader = "app.presentation.http.dependencies"
[handlers.model-validators]
TokenCreate = "RFC 6749"
[mutation]
min-score-changed = 80
[mutation.excluded]
[budgets]
file-lines = 60
test-file-lines = 80
test-name-characters = 30
function-lines = 20
handler-lines = 8
main-lines = 30
noxfile-lines = 40
[coverage]
global = { lines = 90, branches = 85 }
critical-modules = ["app/domain/**"]
measured = ["app"]
[[exclusions]]
kind = "lint"
path = "tests/**"
rules = ["S101"]
reason = "tests assert"
"""

TWO_RULES = """[rules.R01]
summary = "Lint."
gates = ["lint"]
[rules.R03]
summary = "Layers."
gates = ["layers"]
[default]
sessions = ["lint"]
[sessions]
lint = ["lint", "layers"]
[commands]
other = ["fix"]
"""

ROUTER_SOURCE = '''from fastapi import APIRouter

from app.application.news import publish_article
from app.domain.news import ArticleId

router = APIRouter()


@router.post("/{id}/publish")
async def publish(id: ArticleId, uow: object) -> str:
    """Publish it."""
    return str(await publish_article(id, uow=uow))
'''

NOXFILE_SOURCE = '''import nox

nox.options.sessions = ["lint"]


def gates(session: nox.Session) -> None:
    session.run("python", "-m", "gates", "run", session.name)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint."""
    gates(session)


@nox.session(default=False)
def fix(session: nox.Session) -> None:
    """Fix."""
    session.run("ruff", "format")
'''

SETTINGS = """[project]
name = "sample"
requires-python = ">=3.11,<3.13"
dynamic = ["dependencies", "optional-dependencies"]

[tool.setuptools.dynamic]
dependencies = { file = "requirements/runtime.in" }
optional-dependencies.dev = { file = "requirements/dev.in" }

[tool.ruff]
target-version = "py311"

[tool.ruff.lint]
select = ["E", "F", "S"]

[tool.ruff.lint.per-file-ignores]
"tests/**" = ["S101"]

[tool.mypy]
python_version = "3.11"
strict = true

[tool.coverage.run]
branch = true
source = ["app"]
"""


def lock(*pins: str) -> str:
    """Return a lock in the form that uv writes."""
    return "".join(f"{pin} \\\n    --hash=sha256:{'0' * 64}\n" for pin in pins)


def installed(pin: str, *asks: str, place: str = ".venv") -> dict[str, str]:
    """Return the file that says what an installed version asks for, as Requires-Dist has it."""
    name, version = pin.split("==")
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in asks]
    path = f"{place}/lib/python3.11/site-packages/{name}-{version}.dist-info/METADATA"
    return {path: "\n".join(lines) + "\n"}


FILES = {
    ".venv/.gitignore": "*\n",
    **installed("fastapi==1.0"),
    **installed("ruff==1.0"),
    **installed("sqlalchemy==2.0"),
    ".gitignore": "/reports/\n.import_linter_cache/\n",
    ".pre-commit-config.yaml": "repos: []\n",
    PYPROJECT: SETTINGS,
    RUNTIME: "fastapi\nsqlalchemy[asyncio]\n",
    RUNTIME_LOCK: lock("fastapi==1.0", "sqlalchemy==2.0"),
    "backend/requirements/dev.in": "-r runtime.in\nruff\n",
    DEV_LOCK: lock("fastapi==1.0", "ruff==1.0", "sqlalchemy==2.0"),
    "backend/requirements/nox.txt": "",
    "backend/requirements/audit.txt": "",
    "backend/requirements/docs.txt": "",
    "backend/alembic/env.py": "",
    "backend/tests/__init__.py": "",
    "backend/app/__init__.py": "",
    MAIN: (
        "from fastapi import FastAPI\n\nfrom app.infrastructure.database.news import Repository\n"
        "from app.presentation.http.routers import news\n\n\n"
        "def create_app() -> FastAPI:\n    app = FastAPI()\n    app.state.news = Repository()\n"
        "    app.include_router(news.router)\n    return app\n"
    ),
    "backend/app/core/__init__.py": "",
    "backend/app/core/database.py": "from sqlalchemy import create_engine\n\nengine = create_engine\n",
    "backend/app/domain/__init__.py": "",
    DOMAIN: 'from typing import NewType\n\nArticleId = NewType("ArticleId", int)\n',
    "backend/app/application/__init__.py": "",
    USE_CASE: (
        "from app.domain.news import ArticleId\n\n\n"
        "async def publish_article(id: ArticleId, *, uow: object) -> ArticleId:\n    return id\n"
    ),
    "backend/app/infrastructure/__init__.py": "",
    "backend/app/infrastructure/database/__init__.py": "",
    REPOSITORY: (
        "from sqlalchemy import Table\n\nfrom app.core.database import engine\n\n\n"
        "class Repository:\n    table = Table\n    engine = engine\n"
    ),
    "backend/app/presentation/__init__.py": "",
    "backend/app/presentation/http/__init__.py": "",
    "backend/app/presentation/http/routers/__init__.py": "",
    ROUTER: ROUTER_SOURCE,
}

APPLICATION = Part(FILES, TABLES)
LINT_AND_LAYERS = Part(
    {
        "README.md": "Run `./noxw` or `./noxw -s fix`; `lint` has the gates.\n",
        NOXFILE: NOXFILE_SOURCE,
        REGISTRY: 'CHECKS = {"lint": print, "layers": print}\n',
        CASES: 'InvalidCase(gate="lint")\nInvalidCase(gate="layers")\n',
    },
    TWO_RULES,
)
MINIMAL = (APPLICATION, LINT_AND_LAYERS)
