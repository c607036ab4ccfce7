"""R11: deterministic, reversible and safe revisions; merged ones never change.

Why: A revision that imports the application or reads the clock gives each database another schema.
Refuses: Edits of merged revisions, imports outside [migrations], clocks and random values, revisions
    without a way back, SQL that takes long locks (squawk).
Instead: Write values and SQL literally. Add constraints NOT VALID and validate them in the next revision.
Exceptions: IRREVERSIBLE = "reason" in a revision without a way back; [migrations.squawk-ignored] for rules
    of squawk.
"""

import ast
import json
import os
import re
from collections.abc import Iterator, Sequence

from gates.migrations.alembic_process import AlembicError, alembic_runner
from gates.migrations.revisions import Revision, files_at, load_revisions, ordered_revisions
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.git import content_at, merge_base
from gates.repo.process import executable, run
from gates.repo.python import parse_source

DML = re.compile(r"\s*(with|insert|update|delete|merge|copy|do)\b", re.IGNORECASE)
VOLATILE = re.compile(
    r"""
    \b
    ( now | utcnow | today | timeofday | random | gen_random_uuid | uuidv?[1-8]
    | (clock|statement|transaction)_timestamp
    )
    \s*\(
    | \b ( current_(timestamp|date|time) | localtime(stamp)? ) \b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Functions and keywords whose value differs from run to run."""
INDIRECTION_NAMES = {"__import__", "compile", "eval", "exec", "getattr", "globals", "open"}
DEFAULT_ARGUMENTS = {"server_default", "server_onupdate"}


def check(project: Project) -> Outcome:
    """Revisions are deterministic and reversible; merged ones stay as they were, new ones lock little."""
    revisions = load_revisions(project)
    base = merge_base(project).commit
    merged = files_at(project, base)
    allowed = project.rulebook["migrations"]["imports"]
    findings = [finding for revision in revisions for finding in _forbidden_code(revision, allowed)]
    findings += [finding for file in merged for finding in _edits_of_merged(project, base, file)]
    new = [revision for revision in revisions if revision.file not in merged]
    if new and not findings:
        findings += _squawk(project, new)
    note = f"{len(new)} new, {len(revisions) - len(new)} merged"
    return Outcome(findings=findings, checked=len(revisions), note=note)


def _edits_of_merged(project: Project, base: str, file: str) -> Iterator[Finding]:
    path = project.root / file
    now = path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else None
    before = content_at(project, base, file)
    if now is None or before is None or _normalized(file, now) != _normalized(file, before):
        verb = "was removed or renamed" if now is None else "was edited"
        message = f"a merged revision {verb}: databases that ran it would differ from new ones"
        fix = f"git checkout {base[:9]} -- {file}, and write a new revision"
        yield Finding(file=file, message=message, fix=fix)


def _normalized(file: str, content: str) -> str:
    """Return a revision's code without layout, comments and docstrings; other files unchanged."""
    try:
        tree = parse_source(content) if file.endswith(".py") else None
    except (SyntaxError, ValueError):
        tree = None
    if tree is None:
        return content
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            del node.body[0]
    return ast.dump(tree)


def _forbidden_code(revision: Revision, allowed: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each forbidden expression, and each direction that does nothing."""
    defaults = {
        id(inner)
        for node in ast.walk(revision.tree)
        if isinstance(node, ast.keyword) and node.arg in DEFAULT_ARGUMENTS
        for inner in ast.walk(node)
    }
    for node in ast.walk(revision.tree):
        for message, fix in _problems_of(node, allowed, in_default=id(node) in defaults):
            line = getattr(node, "lineno", 0)
            yield Finding(file=revision.file, line=line, message=message, fix=fix)
    for name in ("upgrade", "downgrade"):
        yield from _missing_direction(revision, name)


def _problems_of(node: ast.AST, allowed: Sequence[str], *, in_default: bool) -> Iterator[tuple[str, str]]:
    """Yield message and fix of each problem of a node."""
    match node:
        case ast.Import(names=names):
            modules = [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            modules = [module]
        case ast.ImportFrom():
            modules = ["a file beside it"]
        case _:
            modules = []
    for module in modules:
        if not any(module == name or module.startswith(f"{name}.") for name in allowed):
            message = f"it imports {module}, which may mean something else when this revision runs again"
            yield message, "copy the values that you need into the revision"
    if isinstance(node, ast.Name) and node.id in INDIRECTION_NAMES:
        yield f"{node.id} hides what this revision depends on", "name what you use directly"
    match node:
        case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
            if VOLATILE.match(f"{name}(") and not in_default:
                message = f"{name} gives another value each time this revision runs"
                yield message, "write the value as a literal"
    text = _text(node)
    if DML.match(text) and (found := VOLATILE.search(text)):
        function = found[0].rstrip("(")
        message = f"{function} in this statement gives other rows each time this revision runs"
        yield message, "write the values as literals in the statement"


def _text(node: ast.AST) -> str:
    """Return the text of a string, of an f-string without its values, or of strings that are added."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return " ".join(_text(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right):
            return f"{_text(left)} {_text(right)}"
    return ""


def _missing_direction(revision: Revision, name: str) -> Iterator[Finding]:
    """Yield a finding for an upgrade or downgrade that is missing or does nothing."""
    function = next(
        (node for node in revision.tree.body if isinstance(node, ast.FunctionDef) and node.name == name), None
    )
    if function is not None and not _does_nothing(function):
        return
    if name == "downgrade" and revision.irreversible:
        return
    fix = "remove the revision, or write what it changes"
    if name == "downgrade":
        fix = 'undo what upgrade does, or declare IRREVERSIBLE = "why there is no way back"'
    message = f"{name} does nothing: a revision goes both ways"
    line = function.lineno if function else 0
    yield Finding(file=revision.file, line=line, message=message, fix=fix)


def _does_nothing(function: ast.FunctionDef) -> bool:
    """Return whether a body has no effect: it is empty, or begins with `return` or `raise`."""
    for statement in function.body:
        if isinstance(statement, ast.Pass) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            continue
        return isinstance(statement, ast.Raise | ast.Return)
    return True


def _squawk(project: Project, new: Sequence[Revision]) -> Iterator[Finding]:
    """Yield squawk's findings about the SQL of each new revision."""
    names = {revision.file for revision in new}
    with alembic_runner(project) as run:
        for revision in ordered_revisions(project):
            if revision.file not in names:
                continue
            try:
                sql = str(run("offline_sql", f"{revision.down or 'base'}:{revision.id}"))
            except AlembicError as error:
                message = f"its SQL cannot be made without a database, so it cannot be examined: {error}"
                fix = 'op.get_bind() and queries need a connection: say it with op.execute("UPDATE …")'
                yield Finding(file=revision.file, message=message, fix=fix)
                continue
            yield from _run_squawk(project, revision, sql)


def _run_squawk(project: Project, revision: Revision, sql: str) -> Iterator[Finding]:
    rules = project.rulebook["migrations"]
    ignored = ",".join(rules["squawk-ignored"])
    options = [
        "--config",
        os.devnull,
        "--pg-version",
        f"{project.rulebook['versions']['postgresql'][0]}.0",
        "--exclude",
        ignored,
    ]
    result = run(project.root, executable("squawk"), "--reporter", "json", *options, input=sql)
    try:
        rows = json.loads(result.stdout)
    except ValueError:
        raise GateError(f"squawk could not run: {result.stderr.strip() or result.stdout.strip()}") from None
    lines = sql.splitlines()
    for row in rows:
        message = f"{row['message']} [squawk {row['rule_name']}] in: {lines[row['line']].strip()}"
        fix = row.get("help") or "see squawkhq.com/docs/rules"
        yield Finding(file=revision.file, message=message, fix=fix)
