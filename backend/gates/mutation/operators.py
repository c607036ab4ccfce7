"""Mutants: copies of a module with one small fault each, of the kinds that people make.

A comparison off by one or reversed, `and` for `or`, another operator, number, truth value or member of an
enumeration, a condition the wrong way round, a value that is not returned, a statement or an element that is
missing. Texts are left alone: most of them are messages.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise, permutations

OPPOSITE_COMPARISONS = (
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
)
INVERSE_OPERATORS = ((ast.Add, ast.Sub), (ast.BitAnd, ast.BitOr), (ast.Mult, ast.FloorDiv))
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    a: b for pair in OPPOSITE_COMPARISONS for a, b in permutations(pair)
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    a: b for pair in INVERSE_OPERATORS for a, b in permutations(pair)
}
OPERATORS |= {ast.Div: ast.Mult, ast.Mod: ast.Mult}
OPPOSITE_BUILTINS = {"all": "any", "any": "all", "max": "min", "min": "max"}
CONDITION_FIELDS = {"test", "ifs", "guard"}
NEGATED_BY_OTHER_OPERATORS = ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant
TYPE_FIELDS = {"annotation", "returns", "type_params"}
CLASS_DECLARATION_FIELDS = {"decorator_list", "keywords", "type_params"}


@dataclass(frozen=True, order=True)
class Edit:
    """A part of a source, from byte to byte, and the code that replaces it."""

    start: int
    end: int
    code: str


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A fault. Tests that run one of the `lines` run it; `diff` shows them before and after.

    `is_patchable` holds when the code of an existing function can be replaced: the fault is in the body of a
    function that is not nested and has no cell of its class.
    """

    number: int
    line: int
    lines: range
    diff: str
    edit: Edit
    is_patchable: bool


@dataclass(frozen=True)
class NodeSlot:
    """The position of a node in its tree: `parent.field`, or an item of it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    is_patchable: bool

    def replace(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(source: str, tree: ast.Module) -> Iterator[Mutant]:
    """Yield the mutants of a module; while one is out, the tree is its tree. The order is always the same."""
    members = _members(tree)
    text = source.split("\n")
    offsets = [0, *accumulate(len(line.encode()) + 1 for line in text)]
    number = 0
    for slot in _slots(tree, ast.Pass(lineno=1)):
        for new in _mutations(slot, members):
            if not hasattr(new, "lineno"):  # else it is a part of the node and stays where it was
                ast.fix_missing_locations(ast.copy_location(new, slot.node))
            slot.replace(new)
            try:
                yield _described(slot, new, text, offsets, number)
            finally:
                slot.replace(slot.node)
            number += 1


def _slots(
    parent: ast.AST, statement: ast.stmt, *, depth: int = 0, is_patchable: bool = False
) -> Iterator[NodeSlot]:
    """Yield every slot of a tree but types and declarations of classes, inside `depth` functions."""
    for field, value in ast.iter_fields(parent):
        if field in (CLASS_DECLARATION_FIELDS if isinstance(parent, ast.ClassDef) else TYPE_FIELDS):
            continue
        enters = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and field == "body"
        can_be_patched = is_patchable
        if enters:
            can_be_patched = not depth and not _has_cell(parent)
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.AST):
                owner = node if isinstance(node, ast.stmt) else statement
                yield NodeSlot(parent, field, index, node, owner, can_be_patched)
                yield from _slots(node, owner, depth=depth + enters, is_patchable=can_be_patched)


def _has_cell(function: ast.AST) -> bool:
    """Return whether a method refers to its class: mutated code would lack the class's cell."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return bool(names & {"super", "__class__"})


def _mutations(slot: NodeSlot, members: dict[str, str]) -> Iterator[ast.AST]:
    """Yield the nodes that could be in a slot by mistake."""
    if isinstance(slot.node, ast.stmt):
        yield from _statement_mutations(slot.node)
    if isinstance(slot.node, ast.expr):
        yield from _expression_mutations(slot.node, members)
        if isinstance(slot.parent, ast.Set | ast.List) and not isinstance(slot.node, ast.Starred):
            yield ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
        if slot.field in CONDITION_FIELDS and not isinstance(slot.node, NEGATED_BY_OTHER_OPERATORS):
            yield ast.UnaryOp(ast.Not(), slot.node)


def _statement_mutations(node: ast.stmt) -> Iterator[ast.AST]:
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


def _expression_mutations(node: ast.expr, members: dict[str, str]) -> Iterator[ast.AST]:
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
        case ast.Name(id=name, ctx=ast.Load()) if name in OPPOSITE_BUILTINS:
            yield ast.Name(OPPOSITE_BUILTINS[name], ast.Load())
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


def edited(source: str, edits: Iterable[Edit]) -> str:
    """Return a source with edits of different parts."""
    content = source.encode()
    for edit in sorted(edits, reverse=True):
        content = content[: edit.start] + edit.code.encode() + content[edit.end :]
    return content.decode()


def _described(slot: NodeSlot, new: ast.AST, text: list[str], offsets: list[int], number: int) -> Mutant:
    first, last, start, end = (
        getattr(slot.node, name) for name in ("lineno", "end_lineno", "col_offset", "end_col_offset")
    )
    before = text[first - 1 : last]
    head = before[0].encode()[:start].decode()
    tail = before[-1].encode()[end:].decode()
    code = ast.unparse(new)
    whole = not hasattr(slot.statement, "body")
    covered = slot.statement if whole else slot.node
    return Mutant(
        number=number,
        line=first,
        lines=range(getattr(covered, "lineno", first), (getattr(covered, "end_lineno", last) or last) + 1),
        diff="\n".join([*(f"-{line}" for line in before), f"+{head}{code}{tail}"]),
        edit=Edit(offsets[first - 1] + start, offsets[last - 1] + end, code),
        is_patchable=slot.is_patchable,
    )
