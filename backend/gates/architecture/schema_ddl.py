"""R05: only Alembic's revisions change the schema; no other file holds or makes DDL."""

import ast
import re
from collections.abc import Iterator

from gates.model import Finding, Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files
from gates.repo.python import parse_file, walk

DDL = re.compile(
    r"""
    (?: ^ | ; | \*/ | \n | \bbegin\b ) \s*
    (
    (create|alter|drop|truncate) \s+ (or\s+replace\s+)?
    ( (unique|unlogged|temp\w*|materialized|foreign) \s+ )*
    (table|index|type|view|schema|sequence|trigger|function|extension|domain|policy) \b
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
DDL_CALLABLES = {
    "AddConstraint",
    "CreateIndex",
    "CreateSchema",
    "CreateSequence",
    "CreateTable",
    "DDL",
    "DropConstraint",
    "DropIndex",
    "DropSchema",
    "DropSequence",
    "DropTable",
    "Operations",
    "apply_schema",
    "create_all",
    "drop_all",
}
"""Names with which SQLAlchemy, Alembic and procrastinate change a schema."""
DDL_MODULES = ("alembic.op", "sqlite3")
"""Modules that change a schema with any function: Alembic's operations, and another database."""
DDL_FREE_PATHS = ("backend/app/*", "backend/devtools/*", "backend/tests/*")
TESTS = "backend/tests/"
GATE_TESTS = f"{TESTS}gates/"


def schema_changes(project: Project) -> Iterator[Finding]:
    """Refuse other ways to a schema. Tests may state them, say to roll them back, but not make tables."""
    fix = "write a revision: ./noxw -s revision -- slug"
    for name in files(project, "*.sql"):
        if not name.startswith("backend/alembic/"):
            message = "SQL outside backend/alembic/ changes the schema unseen"
            yield Finding(file=name, message=message, fix=fix)
    names = [n for n in files(project, *DDL_FREE_PATHS) if n.endswith(".py") and not n.startswith(GATE_TESTS)]
    for name, uses in cached_per_file(project, names, _ddl_uses).items():
        for line, what in uses:
            message = f"{what} changes the schema without a revision"
            yield Finding(file=name, line=line, message=message, fix=fix)


def _ddl_uses(project: Project, name: str) -> list[tuple[int, str]]:
    """Return line and name or text of each schema change in a Python file."""
    return [
        (getattr(node, "lineno", 0), what)
        for node in walk(parse_file(project, name))
        if (what := _ddl_call(node) or ("" if name.startswith(TESTS) else _ddl_text(node)))
    ]


def _ddl_call(node: ast.AST) -> str:
    """Return the name that changes a schema, also where it is text, as in getattr."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = getattr(node, "module", "")
        named = [f"{module}.{alias.name}".removeprefix(".") for alias in node.names]
        return next((name for name in named if name.startswith(DDL_MODULES)), "")
    named = [str(getattr(node, key, "")) for key in ("attr", "id", "value")]
    return next((name for name in named if name in DDL_CALLABLES), "")


def _ddl_text(node: ast.AST) -> str:
    match = DDL.search(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
    return " ".join(match[1].split()) if match else ""
