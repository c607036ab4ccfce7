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
NAMED_VERSION = {
    "python": re.compile(r"\bpython(?:-version)?[\"']?[ :=\"'(-]*(3\.\d+)", re.IGNORECASE),
    "postgresql": re.compile(r"\bpostgres(?:ql)?[\"']?[ :=\"'(-]*(\d{2})\b", re.IGNORECASE),
}
MINIMUM_VERSION = re.compile(
    r"""
    python\W{1,3}(\d\.\d+)\)?\ (?:and|or)\ newer
    | --python-version\W+(\d\.\d+)
    | version_info\ <\ \((\d,\ \d+)\)
    """,
    re.IGNORECASE | re.VERBOSE,
)
SERVER_RANGE = re.compile(r"postgres\w*\W+(\d+) to (\d+)", re.IGNORECASE)
"""Sentences and calls that name the oldest Python, and the oldest and the newest PostgreSQL."""
DECISIONS = "docs/decisions/"
WORKFLOWS = ".github/workflows/"
PYPROJECT = "backend/pyproject.toml"
SERVER = "backend/devtools/postgres.py"


def check_versions(project: Project) -> Iterator[Finding]:
    """Yield each place that names a version the rule book does not have, or fails to cover one it has."""
    yield from _check_configuration(project)
    in_workflows: dict[str, set[str]] = {product: set() for product in NAMED_VERSION}
    for name in (name for name in files(project, *PLACES) if not name.startswith(DECISIONS)):
        for number, line in enumerate(text(project, name).splitlines(), 1):
            yield from _bounds(project, name, number, line)
            for product, version in _versions_in(line):
                if name.startswith(WORKFLOWS):
                    in_workflows[product].add(version)
                if version not in project.rulebook["versions"][product]:
                    yield _finding(name, number, f"{product} {version} is not in [versions]")
    for product, seen in in_workflows.items():
        missing = [version for version in project.rulebook["versions"][product] if version not in seen]
        if missing and files(project, f"{WORKFLOWS}*"):
            yield _finding(WORKFLOWS, 0, f"no workflow tests {product} {', '.join(missing)}")


def _bounds(project: Project, name: str, number: int, line: str) -> Iterator[Finding]:
    python = project.rulebook["versions"]["python"]
    servers = project.rulebook["versions"]["postgresql"]
    stated = [("".join(match).replace(", ", "."), python[0]) for match in MINIMUM_VERSION.findall(line)]
    stated += [(" to ".join(match), f"{servers[0]} to {servers[-1]}") for match in SERVER_RANGE.findall(line)]
    for version, wanted in stated:
        if version != wanted:
            yield _finding(name, number, f"names {version}; [versions] requires {wanted}")


def _versions_in(line: str) -> Iterator[tuple[str, str]]:
    for product, pattern in NAMED_VERSION.items():
        for match in pattern.finditer(line):
            yield product, match[1]


def _check_configuration(project: Project) -> Iterator[Finding]:
    """Compare the lines that set the supported versions of tools and servers."""
    python = project.rulebook["versions"]["python"]
    servers = project.rulebook["versions"]["postgresql"]
    major, minor = python[-1].split(".")
    for name, sentence in (
        (PYPROJECT, f'requires-python = ">={python[0]},<{major}.{int(minor) + 1}"'),
        (PYPROJECT, f'target-version = "py{python[0].replace(".", "")}"'),
        (PYPROJECT, f'python_version = "{python[0]}"'),
        (SERVER, f"SUPPORTED_VERSIONS = range({servers[0]}, {int(servers[-1]) + 1})"),
    ):
        lines = text(project, name).splitlines() if (project.root / name).exists() else [sentence]
        setting = sentence.partition(" ")[0]
        assignment = re.compile(rf"\b{setting}\b[^=]*=")
        stated = [(number, line) for number, line in enumerate(lines, 1) if assignment.search(line)]
        for number, line in stated or [(0, f"{setting} is missing")]:
            if line != sentence:
                yield _finding(name, number, f"{line}; [versions] requires {sentence}")


def _finding(file: str, line: int, message: str) -> Finding:
    fix = f"use a version of [versions] in {PATH}"
    return Finding(file=file, line=line, message=message, fix=fix)
