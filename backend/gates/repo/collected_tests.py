"""The tests as they are written: which there are, and how many cases each has."""

import ast
from collections.abc import Iterator

from gates.model import Project
from gates.repo.files import parse

Test = tuple[str, int, int]
"""Name, line and number of cases; parameters that are no literal list count once."""


def written_in(project: Project, name: str) -> list[Test]:
    """Return the tests of a file."""
    return [*written(parse(project, name))]


def written(tree: ast.Module | ast.ClassDef) -> Iterator[Test]:
    """Yield the tests of a module, with those of its classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from written(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            cases = 1
            for decorator in node.decorator_list:
                cases *= _parameters(decorator)
            yield node.name, node.lineno, cases


def _parameters(decorator: ast.expr) -> int:
    """Return how many values a decorator such as `@pytest.mark.parametrize("x", [1, 2])` gives a test."""
    if not isinstance(decorator, ast.Call) or getattr(decorator.func, "attr", "") != "parametrize":
        return 1
    given = [*decorator.args[1:2], *(word.value for word in decorator.keywords if word.arg == "argvalues")]
    return len(given[0].elts) if given and isinstance(given[0], ast.List | ast.Tuple) else 1
