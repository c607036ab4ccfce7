"""What the rule book, the tools' configuration and what starts them say, as facts that can be compared."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial

from gates.repo import yaml12
from gates.repo.files import dotted, syntax
from gates.rulebook import PATH, RuleBook

Fact = tuple[str, str]
Reader = Callable[[str], Iterator[Fact]]

OWNERS, CONFTEST, DECISIONS = ".github/CODEOWNERS", "backend/tests/conftest.py", "docs/decisions/"
DESCRIBED = re.compile(r"(tree|handlers\.across-fields|routes\.[\w-]+|migrations\.squawk-ignored)\.(.+)")
"""Tables whose values are prose: a fact is the name alone."""
UNCOMPARED = re.compile(
    r"tool\.(setuptools|ruff(\.\w+)*\.((extend-)?(ignore|exclude|per-file-ignores)|target-version)|.*cache[-_]dir"
    r"|mypy\.(exclude|python_version)|coverage\.\w+\.(omit|exclude\w*)|pytest\.ini_options\.minversion)"
    r"|\..*\.(name|timeout-minutes|runs-on|labels)$|.*\.concurrency\."
)
"""Titles, places, and what the gates `structure` and `exclusions` bind to the rule book."""


def reader(name: str) -> Reader | None:
    """Return what reads the facts of a file, None for a file that has none."""
    if name.startswith((".github/workflows/", ".github/dependabot", ".pre-commit-config")):
        return partial(_yaml, name)
    if name.startswith(DECISIONS):
        return lambda text: iter([("decisions", name)] if text else [])
    readers: dict[str, Reader] = {
        PATH: _book,
        "backend/pyproject.toml": _tools,
        "noxfile.py": _helpers,
        "noxw": partial(_lines, "noxw"),
        ".ci/run": partial(_lines, ".ci/run"),
        OWNERS: partial(_lines, OWNERS),
        CONFTEST: _plugins,
    }
    return readers.get(name)


def flatten(value: object, key: str = "") -> Iterator[Fact]:
    """Yield the facts of parsed TOML or YAML: a table's keys joined by dots, a list's items one by one."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from flatten(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from flatten(
                item, f"{key}.{item['id']}" if isinstance(item, dict) and "id" in item else key
            )
    elif not UNCOMPARED.match(key):
        yield key, " ".join(str(value).split())


def _book(text: str) -> Iterator[Fact]:
    block = dict(RuleBook.parse(text).block) if text else {}
    for entry in block.pop("exclusions", []):
        yield from (("exclusions", f"{entry['kind']} {entry['path']} {rule}") for rule in entry["rules"])
    for key, value in flatten(block):
        described = DESCRIBED.match(key)
        yield (described[1], described[2]) if described else (key, value)


def _tools(text: str) -> Iterator[Fact]:
    yield from flatten({"tool": tomllib.loads(text).get("tool", {})})


def _yaml(name: str, text: str) -> Iterator[Fact]:
    """Yield everything but the versions of actions: dependabot raises those."""
    for key, value in flatten(yaml12.load(name, text), name):
        yield key, value.split("@")[0] if key.endswith(".uses") else value


def _lines(name: str, text: str) -> Iterator[Fact]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    yield from ((name, line) for line in lines if line and not line.startswith("#"))


def _helpers(text: str) -> Iterator[Fact]:
    """Yield the lines of what sessions share: it decides whether their gates run."""
    for node in syntax(text).body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
            yield from _lines(f"noxfile.py.{node.name}", ast.unparse(node))


def _plugins(text: str) -> Iterator[Fact]:
    for node in syntax(text).body:
        if isinstance(node, ast.Assign) and dotted(node.targets[0]) == "pytest_plugins":
            yield from flatten(ast.literal_eval(node.value), "tests.plugins")
