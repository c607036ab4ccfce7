"""The tests in the source, and how many cases each has."""

import ast
from collections.abc import Iterator
from math import prod

from gates.model import Project
from gates.repo.python import parse_file

Test = tuple[str, int, int]
"""Name, line and number of cases; parameters that are not a literal list count once."""


def tests_in_file(project: Project, name: str) -> list[Test]:
    """Return the tests of a file."""
    return [*iter_tests(parse_file(project, name))]


def iter_tests(tree: ast.Module | ast.ClassDef) -> Iterator[Test]:
    """Yield the tests of a module, with those of its classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from iter_tests(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            cases = prod(map(_count_cases, node.decorator_list))
            yield node.name, node.lineno, cases


def _count_cases(decorator: ast.expr) -> int:
    """Return how many values a decorator such as `@pytest.mark.parametrize("x", [1, 2])` gives a test."""
    if not isinstance(decorator, ast.Call) or getattr(decorator.func, "attr", "") != "parametrize":
        return 1
    given = [*decorator.args[1:2], *(word.value for word in decorator.keywords if word.arg == "argvalues")]
    return len(given[0].elts) if given and isinstance(given[0], ast.List | ast.Tuple) else 1
