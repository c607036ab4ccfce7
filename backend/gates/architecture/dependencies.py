"""R05: dependencies, their locks, and schema changes outside Alembic.

Why: A second ORM or an unlisted package has to be maintained for years, and an edited lock installs
    unreviewed code.
Refuses: Packages that [stack] does not list, competitors in any lock, pins that nothing requires, missing
    pins or hashes, undeclared imports, SQL that changes the schema outside revisions.
Instead: Add the package to `requirements/runtime.in` or `dev.in`, run `./noxw -s lock`, list it in [stack]
    and write a decision. Change the schema with `./noxw -s revision -- "words"`.
Exceptions: Declared in [[exclusions]], kind dependencies, for packages that are used without an import.

Names are compared normalised (PEP 503). A lock has the form that `./noxw -s lock` writes.
"""

import ast
import json
import re
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gates.architecture.exclusions import Exclusion, declared, unused
from gates.architecture.lock_contents import PLACES, unasked
from gates.architecture.lockfiles import FOLDER, LOCK, LOCKS, disagreeing, malformed, path_of, pins
from gates.architecture.new_library import steps
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.cache import remembered
from gates.repo.files import files, nodes, parse, text
from gates.repo.process import MODULE, run
from gates.rulebook import PATH

REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)(\[[\w,-]+\])?(?:\s*[<>=!~][^;@]*)?")
DEV, WITH_RUNTIME = f"{FOLDER}/dev.in", "-r runtime.in"
DDL = re.compile(
    r"(?:^|;|\*/|\n|\bbegin\b)\s*"
    r"((create|alter|drop|truncate)\s+(or\s+replace\s+)?((unique|unlogged|temp\w*|materialized|foreign)\s+)*"
    r"(table|index|type|view|schema|sequence|trigger|function|extension|domain|policy)\b)",
    re.IGNORECASE,
)
MAKERS = {
    *(verb + what for verb in ("Create", "Drop") for what in ("Index", "Schema", "Sequence", "Table")),
    *("AddConstraint", "DropConstraint", "DDL", "Operations", "apply_schema", "create_all", "drop_all"),
}
OPERATIONS = ("alembic.op", "sqlite3")
"""Modules that make tables, whatever is called: Alembic's operations, and another database."""
SCHEMA_FREE = ("backend/app/*", "backend/devtools/*", "backend/tests/*")
EVERY_FILE = '[tool.deptry]\nexclude = ["^$"]\n'
"""Without a list of its own, deptry leaves out what git or a `.ignore` file above the project ignores."""
TESTS, GATE_TESTS = "backend/tests/", "backend/tests/gates/"


def check(project: Project) -> Outcome:
    """Compare requirements and locks with [stack], run deptry, and refuse schema changes outside Alembic."""
    asked = {name: [*_asked(project, name)] for name in LOCKS}
    findings = [*_requirements(project, asked), *_metadata(project), *_locks(project, asked)]
    findings += [*_imported(project, [name for _, name, _ in asked["runtime"]]), *_schema_changes(project)]
    count = sum(len(lines) for lines in asked.values())
    return Outcome(findings=findings, checked=count, note=f"{count} dependencies asked for")


def _asked(project: Project, name: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, normalised name and text of each requirement; the name is "" for what is not one."""
    path = f"{FOLDER}/{name}.in"
    if not (project.root / path).exists():
        return
    for number, line in enumerate(text(project, path).splitlines(), 1):
        if line.strip() and line != WITH_RUNTIME:
            match = REQUIREMENT.fullmatch(line.strip())
            yield number, canonicalize_name(match[1]) if match else "", line.strip()


def _requirements(project: Project, asked: dict[str, list[tuple[int, str, str]]]) -> Iterator[Finding]:
    stack = project.book["stack"]
    for name, lines in asked.items():
        listed = {canonicalize_name(item) for item in stack.get(name, [])}
        file = f"{FOLDER}/{name}.in"
        for number, requirement, line in lines:
            if not requirement:
                message = f"{line!r} is no name with an optional version: addresses and options are refused"
                yield Finding(file=file, line=number, message=message, fix="ask for it by name")
            elif requirement not in listed:
                message = f"{requirement} is not in [stack] {name}"
                yield Finding(
                    file=file,
                    line=number,
                    message=message,
                    fix=f"remove it, or list it in {PATH}; {steps(name)}",
                )
        for item in sorted(listed - {requirement for _, requirement, _ in lines}):
            line_number = project.book.line_of(f'"{item}"')
            message = f"[stack] {name} lists {item}, but {file} does not ask for it"
            yield Finding(file=PATH, line=line_number, message=message, fix="remove it from [stack]")
    needed = [stack[role] for role in ("framework", "database-driver", "orm", "migrations") if role in stack]
    for item in needed:
        if item not in stack["runtime"]:
            message = f"{item} is the stack's own choice, but [stack] runtime does not list it"
            yield Finding(file=PATH, line=project.book.line_of("[stack]"), message=message, fix="restore it")


def _metadata(project: Project) -> Iterator[Finding]:
    """Requirements stand in *.in alone: metadata points there."""
    name = "backend/pyproject.toml"
    config = tomllib.loads(text(project, name))
    dynamic = config.get("tool", {}).get("setuptools", {}).get("dynamic", {})
    own = [key for key in ("dependencies", "optional-dependencies") if key in config.get("project", {})]
    own += ["dependency-groups"] if "dependency-groups" in config else []
    if own or dynamic.get("dependencies") != {"file": "requirements/runtime.in"}:
        message = f"dependencies stand outside requirements/*.in ({', '.join(own) or 'dynamic'})"
        yield Finding(file=name, message=message, fix="ask for them in requirements/*.in")


def _locks(project: Project, asked: dict[str, list[tuple[int, str, str]]]) -> Iterator[Finding]:
    refused = {canonicalize_name(item) for item in project.book["stack"]["refused"]}
    known = {f"{FOLDER}/README.md", *(f"{FOLDER}/{name}.{kind}" for name in asked for kind in ("in", "txt"))}
    for name in sorted({*files(project, f"{FOLDER}/*")} - known):
        message = "this is neither a list of requirements nor a lock, so no gate reads it"
        yield Finding(file=name, message=message, fix="put it where the gates read it")
    for name, lines in asked.items():
        yield from malformed(project, name)
        for pin in pins(project, name):
            if pin.name in refused:
                message = f"{pin.name} competes with the stack, whatever brings it in"
                yield Finding(
                    file=path_of(name), line=pin.line, message=message, fix="drop what brings it in"
                )
        pinned = {pin.name for pin in pins(project, name)}
        for number, requirement, _ in lines:
            if requirement and requirement not in pinned:
                message = f"{requirement} is not in the lock"
                yield Finding(file=f"{FOLDER}/{name}.in", line=number, message=message, fix=LOCK)
    yield from disagreeing(project)
    roots = {name: [Requirement(line) for _, item, line in lines if item] for name, lines in asked.items()}
    if (project.root / DEV).exists() and WITH_RUNTIME in text(project, DEV).splitlines():
        roots["dev"] += roots["runtime"]
    for name in PLACES:
        yield from unasked(project, name, roots[name])


def _imported(project: Project, requirements: list[str]) -> Iterator[Finding]:
    """Run deptry: what is imported is asked for, and what is asked for is imported."""
    allowed = declared(project, "dependencies")
    used = set()
    for issue in _deptry(project, requirements):
        exclusion = Exclusion("dependencies", issue["module"], issue["error"]["code"])
        if exclusion in allowed:
            used.add(exclusion)
            continue
        where = issue["location"]
        imported = where["line"] is not None
        yield Finding(
            file=f"backend/{where['file']}" if imported else f"{FOLDER}/runtime.in",
            line=where["line"] or 0,
            message=f"{issue['error']['message']} [{issue['error']['code']}]",
            fix=f"ask for it in requirements/runtime.in; {steps('runtime')}"
            if imported
            else "remove it, or declare why it stays",
        )
    yield from (unused(project, exclusion) for exclusion in sorted(allowed - used))


def _deptry(project: Project, requirements: list[str]) -> list[dict[str, Any]]:
    quoted = json.dumps(sorted(requirements))
    with tempfile.TemporaryDirectory() as folder:
        config, report = Path(folder) / "pyproject.toml", Path(folder) / "report.json"
        config.write_text(f'[project]\nname = "x"\nversion = "1"\ndependencies = {quoted}\n{EVERY_FILE}')
        command = ["deptry", "app", "--config", str(config), "--json-output", str(report)]
        result = run(project.backend, *MODULE, *command, "--known-first-party", "app", "--no-ansi")
        if not report.exists():
            raise GateError(f"deptry could not run: {result.stderr.strip()[-300:]}")
        issues: list[dict[str, Any]] = json.loads(report.read_text())
        return issues


def _schema_changes(project: Project) -> Iterator[Finding]:
    """Refuse other ways to a schema. Tests may state them, say to roll them back, but not make tables."""
    fix = "write a revision: ./noxw -s revision -- slug"
    for name in files(project, "*.sql"):
        if not name.startswith("backend/alembic/"):
            message = "SQL outside backend/alembic/ changes the schema unseen"
            yield Finding(file=name, message=message, fix=fix)
    names = [n for n in files(project, *SCHEMA_FREE) if n.endswith(".py") and not n.startswith(GATE_TESTS)]
    for name, uses in remembered(project, names, _makers).items():
        for line, what in uses:
            message = f"{what} changes the schema without a revision"
            yield Finding(file=name, line=line, message=message, fix=fix)


def _makers(project: Project, name: str) -> list[tuple[int, str]]:
    """Return line and words of what makes tables in a Python file."""
    return [
        (getattr(node, "lineno", 0), what)
        for node in nodes(parse(project, name))
        if (what := _maker(node) or ("" if name.startswith(TESTS) else _ddl(node)))
    ]


def _maker(node: ast.AST) -> str:
    """Return the name of what makes tables, also where it is text, as in getattr."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = getattr(node, "module", "")
        named = [f"{module}.{alias.name}".removeprefix(".") for alias in node.names]
        return next((name for name in named if name.startswith(OPERATIONS)), "")
    named = [str(getattr(node, key, "")) for key in ("attr", "id", "value")]
    return next((name for name in named if name in MAKERS), "")


def _ddl(node: ast.AST) -> str:
    match = DDL.search(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
    return " ".join(match[1].split()) if match else ""
