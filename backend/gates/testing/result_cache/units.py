"""The units of a Python file: the parts that a test can depend on separately.

A measured file has one unit for each function that probes observe, and one for the rest, the skeleton: the
code that runs on import, with signatures, decorators, defaults, annotations, base classes and docstrings. A
test file has one unit for each test and one for the rest. Digests ignore comments and formatting.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gates.coverage.probes.instrument import Probe, instrument
from gates.repo.python import parse_source

SKELETON = ""
"""The name of the unit for the code outside of observed functions and of tests."""
TESTS = "<tests>"
"""The name of the unit for the list of tests in a file: their names, parameters and decorators."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Named = dict[str, list[Function]]


@dataclass(frozen=True)
class Unit:
    """The digest of a unit, and the numbers of its probes in the file, in the order of the code."""

    digest: str
    probes: Sequence[int] = ()


def measured_units(source: str) -> dict[str, Unit]:
    """Return the units of a measured file by the qualified names of functions. Raises SyntaxError.

    Functions of one name, such as a property and its setter, are one unit.
    """
    tree = parse_source(source)
    probes = instrument(source)[1]
    observed = [(name, node) for name, node in outer_functions(tree) if _is_observed(node, probes)]
    owners = {line: name for name, node in observed for line in _lines_of_body(node)}
    numbers: dict[str, list[int]] = {name: [] for name in (SKELETON, *(name for name, _ in observed))}
    for number, probe in enumerate(probes):
        numbers[owners.get(_line_of(probe), SKELETON)].append(number)
    code: dict[str, list[str]] = {name: [] for name in numbers}
    for name, node in observed:
        code[name] += map(_dump, _without_docstring(node))
        node.body = _stub(node)
    code[SKELETON].append(_dump(tree))
    shapes = {name: [_shape(probes[number]) for number in owned] for name, owned in numbers.items()}
    return {name: Unit(_digest([*code[name], *shapes[name]]), numbers[name]) for name in numbers}


def units_of_test_file(source: str) -> dict[str, Unit]:
    """Return the units of a test file: one for each test, `TESTS`, and the rest. Raises SyntaxError.

    A test that the rest of the file names belongs to the rest.
    """
    tree = parse_source(source)
    tests = _tests(tree)
    headers = [_header(name, node) for name, nodes in tests.items() for node in nodes]
    named = _names(_pruned(parse_source(source), {*tests}))
    apart = {name: nodes for name, nodes in tests.items() if name.rpartition(".")[2] not in named}
    remainder = _dump(_pruned(parse_source(source), {*apart}))
    units = {name: Unit(_digest(map(_dump, nodes))) for name, nodes in apart.items()}
    return units | {SKELETON: Unit(_digest([remainder])), TESTS: Unit(_digest(headers))}


def outer_functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Yield the functions that are in no other function, with their qualified names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from outer_functions(node, f"{prefix}{node.name}.")
        elif not isinstance(node, ast.expr):
            yield from outer_functions(node, prefix)


def _is_observed(node: Function, probes: Sequence[Probe]) -> bool:
    """Return whether a probe precedes the first effective statement, on a line that only the body has."""
    first = next((statement for statement in node.body if not _does_nothing(statement)), None)
    if first is None or node.body[0].lineno <= _last_line_of_header(node):
        return False
    line = min([first.lineno, *(decorator.lineno for decorator in getattr(first, "decorator_list", []))])
    return any(line in probe.lines for probe in probes)


def _does_nothing(node: ast.stmt) -> bool:
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_constant or isinstance(node, ast.Global | ast.Nonlocal | ast.Pass)


def _last_line_of_header(node: Function) -> int:
    parts: list[ast.AST] = [*node.decorator_list, *ast.walk(node.args)]
    if node.returns:
        parts.append(node.returns)
    return max([node.lineno, *(getattr(part, "end_lineno", 0) for part in parts)])


def _lines_of_body(node: Function) -> range:
    return range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)


def _line_of(probe: Probe) -> int:
    return min(probe.lines) if probe.lines else probe.arcs[0][0]


def _shape(probe: Probe) -> str:
    """Return the number of lines and arcs of a probe. While they are the same, its number is valid."""
    return f"{len(probe.lines)} {len(probe.arcs)}"


def _without_docstring(node: Function) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _stub(node: Function) -> list[ast.stmt]:
    """Return the part of a body in the skeleton: a docstring that code may display, and `yield`."""
    docstring = node.body[: len(node.body) - len(_without_docstring(node))]
    is_private = node.name.startswith("_") and not node.name.endswith("__") and not node.decorator_list
    yields = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in _own_nodes(node))
    kept: list[ast.stmt] = [] if is_private else [*docstring]
    if yields:
        kept.append(ast.Expr(ast.Yield()))
    return kept


def _own_nodes(node: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a body, except those of nested functions."""
    found: list[ast.AST] = [*node.body]
    for part in found:
        yield part
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found += ast.iter_child_nodes(part)


def _tests(tree: ast.Module) -> Named:
    """Return the tests of a file and of its classes."""
    tests: Named = {}
    for name, node in outer_functions(tree):
        if node.name.startswith("test"):
            tests.setdefault(name, []).append(node)
    return tests


def _pruned(tree: ast.Module, names: set[str]) -> ast.Module:
    """Remove the functions with these names from a tree, and return it."""
    dropped = {id(node) for name, node in outer_functions(tree) if name in names}
    for node in ast.walk(tree):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                statements[:] = [statement for statement in statements if id(statement) not in dropped]
    return tree


def _names(tree: ast.Module) -> set[str]:
    """Return the names, attributes and strings in code."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                found.add(name)
    return found


def _header(name: str, node: Function) -> str:
    return "\n".join([name, _dump(node.args), *map(_dump, node.decorator_list)])


def _dump(node: ast.AST) -> str:
    return ast.dump(node, annotate_fields=False)


def _digest(parts: Iterator[str] | Sequence[str]) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
