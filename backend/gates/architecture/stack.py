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
from gates.architecture.lock_format import check_agreement, check_format
from gates.architecture.lock_resolution import ENVIRONMENT_FOLDERS, check_resolution
from gates.architecture.new_library import steps_to_add
from gates.architecture.schema_ddl import schema_changes
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.files import files, text
from gates.repo.lockfiles import FOLDER, LOCK, LOCKS, path_of, pins
from gates.repo.process import PYTHON_M, run
from gates.rulebook import PATH

REQUIREMENT_LINE = re.compile(r"([A-Za-z0-9][\w.-]*)(\[[\w,-]+\])?(?:\s*[<>=!~][^;@]*)?")
DEV_REQUIREMENTS = f"{FOLDER}/dev.in"
INCLUDES_RUNTIME = "-r runtime.in"
EXCLUDE_NOTHING = '[tool.deptry]\nexclude = ["^$"]\n'
"""Without a list of its own, deptry leaves out what git or a `.ignore` file above the project ignores."""


def check(project: Project) -> Outcome:
    """Compare requirements and locks with [stack], run deptry, and refuse schema changes outside Alembic."""
    asked = {name: [*_requirements_of(project, name)] for name in LOCKS}
    findings = [
        *_check_requirements(project, asked),
        *_check_metadata(project),
        *_check_locks(project, asked),
    ]
    findings += [
        *_check_imports(project, [name for _, name, _ in asked["runtime"]]),
        *schema_changes(project),
    ]
    count = sum(len(lines) for lines in asked.values())
    return Outcome(findings=findings, checked=count, note=f"{count} dependencies asked for")


def _requirements_of(project: Project, name: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, normalised name and text of each requirement; the name is "" for any other text."""
    path = f"{FOLDER}/{name}.in"
    if not (project.root / path).exists():
        return
    for number, line in enumerate(text(project, path).splitlines(), 1):
        if line.strip() and line != INCLUDES_RUNTIME:
            match = REQUIREMENT_LINE.fullmatch(line.strip())
            yield number, canonicalize_name(match[1]) if match else "", line.strip()


def _check_requirements(project: Project, asked: dict[str, list[tuple[int, str, str]]]) -> Iterator[Finding]:
    stack = project.rulebook["stack"]
    for name, lines in asked.items():
        listed = {canonicalize_name(item) for item in stack.get(name, [])}
        file = f"{FOLDER}/{name}.in"
        for number, requirement, line in lines:
            if not requirement:
                message = (
                    f"{line!r} is not a name with an optional version: addresses and options are refused"
                )
                yield Finding(file=file, line=number, message=message, fix="write the package's name")
            elif requirement not in listed:
                message = f"{requirement} is not in [stack] {name}"
                yield Finding(
                    file=file,
                    line=number,
                    message=message,
                    fix=f"remove it, or list it in {PATH}; {steps_to_add(name)}",
                )
        for item in sorted(listed - {requirement for _, requirement, _ in lines}):
            line_number = project.rulebook.line_of(f'"{item}"')
            message = f"[stack] {name} lists {item}, but {file} does not ask for it"
            yield Finding(file=PATH, line=line_number, message=message, fix="remove it from [stack]")
    needed = [stack[role] for role in ("framework", "database-driver", "orm", "migrations") if role in stack]
    for item in needed:
        if item not in stack["runtime"]:
            message = f"{item} is the stack's own choice, but [stack] runtime does not list it"
            yield Finding(
                file=PATH, line=project.rulebook.line_of("[stack]"), message=message, fix="restore it"
            )


def _check_metadata(project: Project) -> Iterator[Finding]:
    """Requirements stand in *.in alone: metadata points there."""
    name = "backend/pyproject.toml"
    config = tomllib.loads(text(project, name))
    dynamic = config.get("tool", {}).get("setuptools", {}).get("dynamic", {})
    own = [key for key in ("dependencies", "optional-dependencies") if key in config.get("project", {})]
    if "dependency-groups" in config:
        own.append("dependency-groups")
    if own or dynamic.get("dependencies") != {"file": "requirements/runtime.in"}:
        message = f"dependencies are listed outside requirements/*.in ({', '.join(own) or 'dynamic'})"
        yield Finding(file=name, message=message, fix="list them in requirements/*.in")


def _check_locks(project: Project, asked: dict[str, list[tuple[int, str, str]]]) -> Iterator[Finding]:
    refused = {canonicalize_name(item) for item in project.rulebook["stack"]["forbidden"]}
    known = {f"{FOLDER}/{name}.{kind}" for name in asked for kind in ("in", "txt")}
    known.add(f"{FOLDER}/README.md")
    for name in sorted({*files(project, f"{FOLDER}/*")} - known):
        message = "this is neither a list of requirements nor a lock, so no gate reads it"
        yield Finding(file=name, message=message, fix="move it out of requirements/")
    for name, lines in asked.items():
        yield from check_format(project, name)
        for pin in pins(project, name):
            if pin.name in refused:
                message = f"{pin.name} competes with the stack, whatever brings it in"
                yield Finding(
                    file=path_of(name),
                    line=pin.line,
                    message=message,
                    fix="remove the package that requires it",
                )
        pinned = {pin.name for pin in pins(project, name)}
        for number, requirement, _ in lines:
            if requirement and requirement not in pinned:
                message = f"{requirement} is not in the lock"
                yield Finding(file=f"{FOLDER}/{name}.in", line=number, message=message, fix=LOCK)
    yield from check_agreement(project)
    roots = {name: [Requirement(line) for _, item, line in lines if item] for name, lines in asked.items()}
    if _dev_includes_runtime(project):
        roots["dev"] += roots["runtime"]
    for name in ENVIRONMENT_FOLDERS:
        yield from check_resolution(project, name, roots[name])


def _dev_includes_runtime(project: Project) -> bool:
    exists = (project.root / DEV_REQUIREMENTS).exists()
    return exists and INCLUDES_RUNTIME in text(project, DEV_REQUIREMENTS).splitlines()


def _check_imports(project: Project, requirements: list[str]) -> Iterator[Finding]:
    """Run deptry: every import is a requirement, and every requirement is imported."""
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
            fix=f"ask for it in requirements/runtime.in; {steps_to_add('runtime')}"
            if imported
            else "remove it, or declare why it stays",
        )
    yield from (unused(project, exclusion) for exclusion in sorted(allowed - used))


def _deptry(project: Project, requirements: list[str]) -> list[dict[str, Any]]:
    quoted = json.dumps(sorted(requirements))
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "pyproject.toml"
        report = Path(folder) / "report.json"
        config.write_text(f'[project]\nname = "x"\nversion = "1"\ndependencies = {quoted}\n{EXCLUDE_NOTHING}')
        command = ["deptry", "app", "--config", str(config), "--json-output", str(report)]
        result = run(project.backend, *PYTHON_M, *command, "--known-first-party", "app", "--no-ansi")
        if not report.exists():
            raise GateError(f"deptry could not run: {result.stderr.strip()[-300:]}")
        issues: list[dict[str, Any]] = json.loads(report.read_text())
        return issues
