"""Mutants: copies of a module with one small fault each, of the kinds that people make.

A comparison off by one or reversed, `and` for `or`, another operator, number, truth value or member of an
enumeration, a condition the wrong way round, a value that is not returned, a statement or an element that is
missing. Texts are left alone: most of them are messages.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, permutations

CONTRARY = (
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
)
INVERSE = ((ast.Add, ast.Sub), (ast.BitAnd, ast.BitOr), (ast.Mult, ast.FloorDiv))
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    a: b for pair in CONTRARY for a, b in permutations(pair)
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    a: b for pair in INVERSE for a, b in permutations(pair)
}
OPERATORS |= {ast.Div: ast.Mult, ast.Mod: ast.Mult}
NAMES = {"all": "any", "any": "all", "max": "min", "min": "max"}
CONDITIONS = {"test", "ifs", "guard"}
NEGATED_OTHERWISE = ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant
OF_TYPES = {"annotation", "returns", "type_params"}
OF_A_CLASS = {"decorator_list", "keywords", "type_params"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A fault. A test meets it on one of the `lines`; `diff` shows them before and after.

    `live` says that an existing function can take it on: it is in the body of one that is not nested and has
    no cell of its class, so that code with and without the fault fits the same function.
    """

    number: int
    line: int
    lines: range
    diff: str
    live: bool


@dataclass(frozen=True)
class Place:
    """Where a node hangs in its tree: `parent.field`, or the item of that with an index."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    live: bool

    def put(self, node: ast.AST) -> None:
        """Hang another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(source: str, tree: ast.Module) -> Iterator[Mutant]:
    """Yield the mutants of a module; while one is out, the tree is its tree. The order is always the same."""
    members = _members(tree)
    text, number = source.split("\n"), 0
    for place in _places(tree, ast.Pass(lineno=1)):
        for new in _faults(place, members):
            if not hasattr(new, "lineno"):  # else it is a part of the node and stays where it was
                ast.fix_missing_locations(ast.copy_location(new, place.node))
            place.put(new)
            try:
                yield _described(place, new, text, number)
            finally:
                place.put(place.node)
            number += 1


def _places(parent: ast.AST, statement: ast.stmt, *, depth: int = 0, live: bool = False) -> Iterator[Place]:
    """Yield every place in a tree but types and how classes are declared, as deep as `depth` functions."""
    for field, value in ast.iter_fields(parent):
        if field in (OF_A_CLASS if isinstance(parent, ast.ClassDef) else OF_TYPES):
            continue
        enters = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and field == "body"
        fits = not depth and not _has_cell(parent) if enters else live
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.AST):
                owner = node if isinstance(node, ast.stmt) else statement
                yield Place(parent, field, index, node, owner, fits)
                yield from _places(node, owner, depth=depth + enters, live=fits)


def _has_cell(function: ast.AST) -> bool:
    """Return whether a method knows its class: a fault in it may not, and would not fit."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return bool(names & {"super", "__class__"})


def _faults(place: Place, members: dict[str, str]) -> Iterator[ast.AST]:
    """Yield what could stand in a place by mistake."""
    if isinstance(place.node, ast.stmt):
        yield from _faulty_statements(place.node)
    if isinstance(place.node, ast.expr):
        yield from _faulty_expressions(place.node, members)
        if isinstance(place.parent, ast.Set | ast.List) and not isinstance(place.node, ast.Starred):
            yield ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
        if place.field in CONDITIONS and not isinstance(place.node, NEGATED_OTHERWISE):
            yield ast.UnaryOp(ast.Not(), place.node)


def _faulty_statements(node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.AugAssign(target, op, value) if type(op) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(op)](), value)
        case (
            ast.Return(value=None)
            | ast.Raise()
            | ast.Delete()
            | ast.Continue()
            | ast.Break()
            | ast.Expr(value=ast.Call() | ast.Await())
            | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_])
        ):
            yield ast.Pass()


def _faulty_expressions(node: ast.expr, members: dict[str, str]) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, ops, comparators):
            for index, op in enumerate(ops):
                others = [*ops[:index], COMPARISONS[type(op)](), *ops[index + 1 :]]
                yield ast.Compare(left, others, comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load())
        case ast.Attribute(value=value, ctx=ast.Load()) if member := members.get(ast.unparse(node)):
            yield ast.Attribute(value, member, ast.Load())


def _members(tree: ast.Module) -> dict[str, str]:
    """Return for each constant `Owner.NAME` another name that the module reads from the same owner."""
    read: dict[str, dict[str, None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.isupper():
            read.setdefault(node.value.id, {})[node.attr] = None
    return {
        f"{owner}.{name}": other
        for owner, names in read.items()
        if len(names) > 1
        for name, other in pairwise([*names, next(iter(names))])
    }


def _described(place: Place, new: ast.AST, text: list[str], number: int) -> Mutant:
    first, last, start, end = (
        getattr(place.node, name) for name in ("lineno", "end_lineno", "col_offset", "end_col_offset")
    )
    before = text[first - 1 : last]
    head, tail = before[0].encode()[:start].decode(), before[-1].encode()[end:].decode()
    after = f"{head}{ast.unparse(new)}{tail}"
    whole = not hasattr(place.statement, "body")
    met = place.statement if whole else place.node
    return Mutant(
        number=number,
        line=first,
        lines=range(getattr(met, "lineno", first), (getattr(met, "end_lineno", last) or last) + 1),
        diff="\n".join([*(f"-{line}" for line in before), f"+{after}"]),
        live=place.live,
    )
