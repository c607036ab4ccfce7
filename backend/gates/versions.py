"""R06: the versions of Python and PostgreSQL stand in the rule book; whatever else names one agrees."""

import ast
import re
import tomllib
from collections.abc import Iterator

from gates.model import Finding, Project
from gates.rulebook import PATH
from gates.sources import files, nodes, parse, text

PLACES = (
    "*.md",
    ".ci/*",
    ".devcontainer/*",
    ".github/*",
    "backend/requirements/dev.txt",
    "noxfile.py",
    "noxw",
)
NAMED = {
    "python": re.compile(r"\bpython(?:-version)?[\"']?[ :=\"'(-]*(3\.\d+)", re.IGNORECASE),
    "postgresql": re.compile(r"\bpostgres(?:ql)?[\"']?[ :=\"'(-]*(\d{2})\b", re.IGNORECASE),
}
LEAST = re.compile(
    r"python\W{1,3}(\d\.\d+)\)? (?:and|or) newer|--python-version\W+(\d\.\d+)|version_info < \((\d, \d+)\)",
    re.IGNORECASE,
)
RANGE = re.compile(r"postgres\w*\W+(\d+) to (\d+)", re.IGNORECASE)
"""Sentences and calls that name the oldest Python, and the oldest and the newest PostgreSQL."""
DECISIONS = "docs/decisions/"
WORKFLOWS = ".github/workflows/"
SERVER = "backend/devtools/postgres.py"


def versions(project: Project) -> Iterator[Finding]:
    """Yield each place that names a version the rule book does not have, or fails to cover one it has."""
    yield from _pyproject(project)
    yield from _supported_servers(project)
    in_workflows: dict[str, set[str]] = {product: set() for product in NAMED}
    for name in (name for name in files(project, *PLACES) if not name.startswith(DECISIONS)):
        for number, line in enumerate(text(project, name).splitlines(), 1):
            yield from _outermost(project, name, number, line)
            for product, version in _named(line):
                if name.startswith(WORKFLOWS):
                    in_workflows[product].add(version)
                if version not in project.book["versions"][product]:
                    yield _finding(name, number, f"{product} {version} is not in [versions]")
    for product, seen in in_workflows.items():
        missing = [version for version in project.book["versions"][product] if version not in seen]
        if missing and files(project, f"{WORKFLOWS}*"):
            yield _finding(WORKFLOWS, 0, f"no workflow tests {product} {', '.join(missing)}")


def _outermost(project: Project, name: str, number: int, line: str) -> Iterator[Finding]:
    python, servers = (project.book["versions"][product] for product in ("python", "postgresql"))
    said = [("".join(match).replace(", ", "."), python[0]) for match in LEAST.findall(line)]
    said += [(" to ".join(match), f"{servers[0]} to {servers[-1]}") for match in RANGE.findall(line)]
    for version, wanted in said:
        if version != wanted:
            yield _finding(name, number, f"says {version}, [versions] makes it {wanted}")


def _named(line: str) -> Iterator[tuple[str, str]]:
    for product, pattern in NAMED.items():
        for match in pattern.finditer(line):
            yield product, match[1]


def _pyproject(project: Project) -> Iterator[Finding]:
    name = "backend/pyproject.toml"
    source = text(project, name)
    config = tomllib.loads(source)
    oldest, newest = project.book["versions"]["python"][0], project.book["versions"]["python"][-1]
    major, minor = newest.split(".")
    tools = config.get("tool", {})
    expected = {
        "requires-python": f">={oldest},<{major}.{int(minor) + 1}",
        "target-version": f"py{oldest.replace('.', '')}",
        "python_version": oldest,
    }
    found = {
        "requires-python": config.get("project", {}).get("requires-python"),
        "target-version": tools.get("ruff", {}).get("target-version"),
        "python_version": tools.get("mypy", {}).get("python_version"),
    }
    for key, value in expected.items():
        if found[key] != value:
            line = source[: max(source.find(key), 0)].count("\n") + 1
            yield _finding(name, line, f"{key} is {found[key]}, [versions] makes it {value!r}")


def _supported_servers(project: Project) -> Iterator[Finding]:
    """Compare the servers that the development tools accept: `SUPPORTED = range(first, last + 1)`."""
    if not (project.root / SERVER).exists():
        return
    listed = [int(version) for version in project.book["versions"]["postgresql"]]
    wanted = f"SUPPORTED = range({listed[0]}, {listed[-1] + 1})"
    for node in nodes(parse(project, SERVER)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SUPPORTED":
            if ast.unparse(node) != wanted:
                yield _finding(SERVER, node.lineno, f"{ast.unparse(node)}, [versions] makes it {wanted}")
            return
    yield _finding(SERVER, 0, f"does not say {wanted}")


def _finding(file: str, line: int, message: str) -> Finding:
    return Finding(
        file=file, line=line, message=message, fix=f"{PATH} [versions] is the one place: follow it"
    )
