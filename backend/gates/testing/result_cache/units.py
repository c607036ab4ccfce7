"""The units of a Python file: the parts that a test can depend on separately.

A measured file has a unit for the body of each function that probes observe, one for each binding (see
`names`), and one for the rest, the skeleton: the code that runs on import, with classes, decorators and
decorated signatures. A test file has one unit for each test and one for the rest. Digests ignore comments and
formatting. What a unit mentions by name is a part of it (see `dependencies`).
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gates.coverage.probes.instrument import Probe, instrument
from gates.repo.python import parse_source
from gates.testing.result_cache.names import (
    DOCSTRINGS,
    Function,
    bound_name,
    local_names,
    names_in,
    names_of_aliases,
    take_docstrings,
    without_imported_names,
)

SKELETON = ""
"""The name of the unit for the code outside of observed functions and of tests."""
BINDING = "="
"""The prefix of the name of a binding's unit. Tests depend on it through the units that mention its name."""
TESTS = "<tests>"
"""The name of the unit for the list of tests in a file: their names, parameters and decorators."""

Named = dict[str, list[Function]]


@dataclass
class Code:
    """The code of a unit as text, and the names that it mentions."""

    texts: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, nodes: Sequence[ast.AST], names: Iterable[str]) -> None:
        """Add nodes and the names that they mention."""
        self.texts += map(_dump, nodes)
        self.names.update(names)

    def unit(self, probes: Sequence[int] = (), implied: Sequence[int] = ()) -> "Unit":
        """Return the unit with these probes."""
        return Unit(_digest(self.texts), probes, implied, sorted(self.names))


@dataclass(frozen=True)
class Unit:
    """The digest of a unit, the numbers of its probes in the file, in order, and the names that it mentions.

    The skeleton also has the probes of bindings as `implied`: all of them ran if one did.
    """

    digest: str
    probes: Sequence[int] = ()
    implied: Sequence[int] = ()
    names: Sequence[str] = ()


def measured_units(source: str) -> dict[str, Unit]:
    """Return the units of a measured file by the qualified names of functions. Raises SyntaxError.

    Functions of one name, such as a property and its setter, are one unit.
    """
    tree = parse_source(source)
    probes = instrument(source)[1]
    observed = [(name, node) for name, node in outer_functions(tree) if _is_observed(node, probes)]
    owners = {line: name for name, node in observed for line in _lines_of_body(node)}
    aliases = names_of_aliases(tree)
    docstrings = take_docstrings(tree)
    code: dict[str, Code] = {}
    for name, node in observed:
        body = _without_docstring(node)
        code.setdefault(name, Code()).add(body, names_in(body, aliases, local_names(node)))
        node.body = _stub(node)
    bindings = _take_bindings(tree, [node for _, node in observed])
    implied = {line for nodes in bindings.values() for node in nodes for line in _lines_of(node)}
    numbers: dict[str, list[int]] = {name: [] for name in (SKELETON, BINDING, *code)}
    for number, probe in enumerate(probes):
        line = _line_of(probe)
        numbers[owners.get(line, BINDING if line in implied else SKELETON)].append(number)
    units = {f"{BINDING}{name}": _code_of(nodes, aliases).unit() for name, nodes in bindings.items()}
    units |= {f"{BINDING}{alias}": Unit(name, names=[name]) for alias, name in aliases.items()}
    if docstrings:
        units[f"{BINDING}{DOCSTRINGS}"] = Unit(_digest(docstrings))
    code[SKELETON] = _code_of([without_imported_names(tree)], aliases)
    for name, part in code.items():
        part.texts += [_shape(probes[number]) for number in numbers[name]]
        units[name] = part.unit(numbers[name], numbers[BINDING] if name == SKELETON else ())
    return units


def _code_of(nodes: Sequence[ast.AST], aliases: Mapping[str, str]) -> "Code":
    code = Code()
    code.add(nodes, names_in(nodes, aliases))
    return code


def _take_bindings(tree: ast.Module, functions: Sequence[Function]) -> dict[str, list[ast.stmt]]:
    """Remove bindings from a tree and return them by name. Of functions, only the given ones are removed."""
    taken: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        name = bound_name(node)
        if name and (node in functions or not isinstance(node, Function)):
            taken.setdefault(name, []).append(node)
    tree.body = [node for node in tree.body if not any(node in nodes for nodes in taken.values())]
    return taken


def units_of_test_file(source: str) -> dict[str, Unit]:
    """Return the units of a test file: one for each test, `TESTS`, and the rest. Raises SyntaxError.

    A test that the rest of the file names belongs to the rest.
    """
    tree = parse_source(source)
    aliases = names_of_aliases(tree)
    tests = _tests(tree)
    headers = [_header(name, node) for name, nodes in tests.items() for node in nodes]
    decorators = [part for nodes in tests.values() for node in nodes for part in node.decorator_list]
    named = {*names_in([_pruned(parse_source(source), {*tests})], {})}
    apart = {name: nodes for name, nodes in tests.items() if name.rpartition(".")[2] not in named}
    remainder = _pruned(parse_source(source), {*apart})
    units = {name: _code_of(nodes, aliases).unit() for name, nodes in apart.items()}
    rest = Unit(_digest([_dump(remainder)]), names=names_in([without_imported_names(remainder)], aliases))
    return units | {SKELETON: rest, TESTS: Unit(_digest(headers), names=names_in(decorators, aliases))}


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


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


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
    """Return the part of a body outside of its unit: a docstring that was not taken, and `yield`."""
    kept = node.body[: len(node.body) - len(_without_docstring(node))]
    if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in _own_nodes(node)):
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


def _header(name: str, node: Function) -> str:
    return "\n".join([name, _dump(node.args), *map(_dump, node.decorator_list)])


def _dump(node: ast.AST) -> str:
    return ast.dump(node, annotate_fields=False)


def _digest(parts: Iterator[str] | Sequence[str]) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
