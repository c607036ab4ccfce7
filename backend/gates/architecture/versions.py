"""R06: the versions of Python and PostgreSQL stand in the rule book; whatever else names one agrees."""

import re
from collections.abc import Iterator

from gates.model import Finding, Project
from gates.repo.files import files, text
from gates.rulebook import PATH

PLACES = (
    "*.md",
    ".ci/*",
    ".devcontainer/*",
    ".github/*",
    "compose.production.yaml",
    "deploy/Dockerfile",
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
PYPROJECT, SERVER = "backend/pyproject.toml", "backend/devtools/postgres.py"


def versions(project: Project) -> Iterator[Finding]:
    """Yield each place that names a version the rule book does not have, or fails to cover one it has."""
    yield from _configured(project)
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


def _configured(project: Project) -> Iterator[Finding]:
    """Compare the lines that set what tools and servers support."""
    python, servers = (project.book["versions"][product] for product in ("python", "postgresql"))
    major, minor = python[-1].split(".")
    for name, sentence in (
        (PYPROJECT, f'requires-python = ">={python[0]},<{major}.{int(minor) + 1}"'),
        (PYPROJECT, f'target-version = "py{python[0].replace(".", "")}"'),
        (PYPROJECT, f'python_version = "{python[0]}"'),
        (SERVER, f"SUPPORTED_VERSIONS = range({servers[0]}, {int(servers[-1]) + 1})"),
    ):
        lines = text(project, name).splitlines() if (project.root / name).exists() else [sentence]
        key = re.compile(rf"\b{sentence.partition(' ')[0]}\b[^=]*=")
        said = [(number, line) for number, line in enumerate(lines, 1) if key.search(line)]
        for number, line in said or [(0, "")]:
            if line != sentence:
                yield _finding(name, number, f"says {line or 'nothing'}, [versions] makes it {sentence}")


def _finding(file: str, line: int, message: str) -> Finding:
    fix = f"{PATH} [versions] is the one place: follow it"
    return Finding(file=file, line=line, message=message, fix=fix)
