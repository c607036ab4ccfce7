"""R04: the syntax that decides or computes, which handlers and the composition root must not have."""

import ast
from collections.abc import Iterator

WHY_NO_LOGIC = "rules belong to the domain and the use cases"
DECISION_NODES: dict[type[ast.AST], str] = {
    kind: what
    for what, kinds in {
        "a loop": (ast.For, ast.AsyncFor, ast.While),
        "a comprehension": (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
        "error handling": (ast.Try, ast.TryStar, ast.ExceptHandler),
        "a with block": (ast.With, ast.AsyncWith),
        "a match": (ast.Match,),
        "a lambda": (ast.Lambda,),
        "arithmetic": (ast.AugAssign,),
        "a condition": (ast.If, ast.IfExp, ast.BoolOp),
        "an error of its own": (ast.Raise, ast.Assert),
    }.items()
    for kind in kinds
}
ALLOWED_IN_DEPENDENCIES: set[type[ast.AST]] = {ast.If, ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.Raise}
"""Dependencies may be missing. Comparisons are refused, except with None."""
ALLOWED_IN_MAIN = ALLOWED_IN_DEPENDENCIES | {ast.For, ast.With, ast.AsyncWith, ast.Lambda, ast.Try}
"""Composing loops over fixed lists, opens resources and passes functions. It decides nothing."""


def find_logic(tree: ast.AST, allowed: set[type[ast.AST]]) -> Iterator[tuple[int, str]]:
    """Yield line and message of each node that decides or computes. Constants and `is None` do neither."""
    for node in ast.walk(tree):
        if type(node) in allowed:
            continue
        if what := DECISION_NODES.get(type(node)):
            yield getattr(node, "lineno", 0), f"{what}: {WHY_NO_LOGIC}"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node.lineno, f"a condition: {WHY_NO_LOGIC}"
        elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr) and not _is_constant(node):
            yield node.lineno, f"arithmetic: {WHY_NO_LOGIC}"
        elif isinstance(node, ast.Compare) and not _compares_with_none(node):
            yield node.lineno, f"a comparison: {WHY_NO_LOGIC}"


def _compares_with_none(node: ast.Compare) -> bool:
    is_identity = all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)
    return is_identity and all(isinstance(o, ast.Constant) and o.value is None for o in node.comparators)


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left) and _is_constant(node.right)
    return isinstance(node, ast.Constant)
