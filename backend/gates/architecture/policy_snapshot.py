"""The rule book, the tools' configuration and the scripts that start them, as comparable entries."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial

from gates.repo import yaml12
from gates.repo.python import dotted_name, parse_source
from gates.rulebook import PATH, RuleBook

PolicyEntry = tuple[str, str]
Extractor = Callable[[str], Iterator[PolicyEntry]]

OWNERS = ".github/CODEOWNERS"
CONFTEST = "backend/tests/conftest.py"
DECISIONS = "docs/decisions/"
PROSE_TABLES = re.compile(
    r"""
    (tree | handlers\.model-validators | routes\.[\w-]+ | migrations\.squawk-ignored)
    \.(.+)
    """,
    re.VERBOSE,
)
"""Tables whose values are prose: an entry is the name alone."""
IGNORED_KEYS = re.compile(
    r"""
    tool\.
    ( setuptools
    | ruff(\.\w+)*\. ( (extend-)?(ignore|exclude|per-file-ignores) | target-version )
    | .*cache[-_]dir
    | mypy\.(exclude|python_version)
    | coverage\.\w+\.(omit|exclude\w*)
    | pytest\.ini_options\.minversion
    )
    | \..*\.(name|timeout-minutes|runs-on|labels)$  # of workflows
    | .*\.concurrency\.
    """,
    re.VERBOSE,
)
"""Titles, places, and keys that the gates `structure` and `exclusions` compare with the rule book."""


def extractor_for(name: str) -> Extractor | None:
    """Return the function that reads the entries of a file, None for a file that has none."""
    if name.startswith((".github/workflows/", ".github/dependabot", ".pre-commit-config")):
        return partial(_yaml_entries, name)
    if name.startswith(DECISIONS):
        return partial(_decision_entries, name)
    readers: dict[str, Extractor] = {
        PATH: _rule_book_entries,
        "backend/pyproject.toml": _tool_entries,
        "noxfile.py": _noxfile_helper_entries,
        "noxw": partial(_line_entries, "noxw"),
        ".ci/run": partial(_line_entries, ".ci/run"),
        OWNERS: partial(_line_entries, OWNERS),
        CONFTEST: _pytest_plugin_entries,
    }
    return readers.get(name)


def flatten(value: object, key: str = "") -> Iterator[PolicyEntry]:
    """Yield the entries of parsed TOML or YAML: a table's keys joined by dots, a list's items one by one."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from flatten(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from flatten(
                item, f"{key}.{item['id']}" if isinstance(item, dict) and "id" in item else key
            )
    elif not IGNORED_KEYS.match(key):
        yield key, " ".join(str(value).split())


def _rule_book_entries(text: str) -> Iterator[PolicyEntry]:
    block = dict(RuleBook.parse(text).block) if text else {}
    for entry in block.pop("exclusions", []):
        yield from (("exclusions", f"{entry['kind']} {entry['path']} {rule}") for rule in entry["rules"])
    for key, value in flatten(block):
        described = PROSE_TABLES.match(key)
        yield (described[1], described[2]) if described else (key, value)


def _tool_entries(text: str) -> Iterator[PolicyEntry]:
    yield from flatten({"tool": tomllib.loads(text).get("tool", {})})


def _yaml_entries(name: str, text: str) -> Iterator[PolicyEntry]:
    """Yield everything but the versions of actions: dependabot raises those."""
    for key, value in flatten(yaml12.load(name, text), name):
        yield key, value.split("@")[0] if key.endswith(".uses") else value


def _decision_entries(name: str, text: str) -> Iterator[PolicyEntry]:
    if text:
        yield "decisions", name


def _line_entries(name: str, text: str) -> Iterator[PolicyEntry]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    yield from ((name, line) for line in lines if line and not line.startswith("#"))


def _noxfile_helper_entries(text: str) -> Iterator[PolicyEntry]:
    """Yield the lines of the code that sessions share: it decides whether their gates run."""
    for node in parse_source(text).body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
            yield from _line_entries(f"noxfile.py.{node.name}", ast.unparse(node))


def _pytest_plugin_entries(text: str) -> Iterator[PolicyEntry]:
    for node in parse_source(text).body:
        if isinstance(node, ast.Assign) and dotted_name(node.targets[0]) == "pytest_plugins":
            yield from flatten(ast.literal_eval(node.value), "tests.plugins")
