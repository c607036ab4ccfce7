"""The names that code mentions, and the bindings of a module that concern only code that mentions them.

A binding is a plain function, without its body, or a constant. To add, change or remove one cannot concern
code that does not mention its name. Decorated functions, classes, hooks of pytest and expressions that call
something may have effects on import, so they are no bindings.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef
ALL = "*"
"""Stands for all names: code that lists the names of a module mentions it."""
LISTERS = {"__all__", "__dict__", "dir", "getmembers", "globals", "iter_modules", "vars", "walk_packages"}
DOCSTRINGS = "__doc__"
"""The name of all docstrings that only code with this name reads."""
READERS_OF_DOCSTRINGS = {"getdoc", "openapi"}
WITHOUT_EFFECT = {
    *("abstractmethod", "cache", "cached_property", "classmethod", "contextmanager", "dataclass", "override"),
    *("property", "staticmethod"),
}
"""Decorators that do not read the docstring."""
FOUND_BY_PYTEST = ("pytest_", "test", "setup_", "teardown_")
NAMES_IN_TEXT = re.compile(r"[\w.:]+")
"""A string such as `gates.architecture.layers:check`, which may be looked up by name."""
PURE_CALLS = {"frozenset", "re.compile", "timedelta"}
PURE = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred),
    *(ast.UnaryOp, ast.unaryop, ast.BinOp, ast.operator, ast.expr_context, ast.Subscript, ast.keyword),
    *(ast.JoinedStr, ast.FormattedValue, ast.Slice),
)


def bound_name(node: ast.stmt) -> str | None:
    """Return the name that a statement of a module binds, None when it may do something else, too."""
    match node:
        case (
            ast.FunctionDef(name=name, decorator_list=[]) | ast.AsyncFunctionDef(name=name, decorator_list=[])
        ):
            is_plain = not name.startswith(FOUND_BY_PYTEST) and all(map(_is_pure, _defaults(node)))
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            is_plain = _is_pure(value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            is_plain = _is_pure(value)
        case _:
            return None
    return name if is_plain and not (name.startswith("__") or name == "pytestmark") else None


def names_in(nodes: Iterable[ast.AST], aliases: Mapping[str, str], local: Collection[str] = ()) -> list[str]:
    """Return the names, attributes, imported names and words of strings in code, except local variables.

    `aliases` has the names of what the module imports under another name.
    """
    found: set[str] = set()
    for node in (part for root in nodes for part in ast.walk(root)):
        match node:
            case ast.Name(id=name) if name not in local:
                found.add(name)
            case ast.Attribute(attr=name):
                found.update({name, DOCSTRINGS} if name in READERS_OF_DOCSTRINGS else {name})
            case ast.Constant(value=str(text)) if NAMES_IN_TEXT.fullmatch(text):
                found.update(re.split(r"[.:]", text))
            case ast.alias(name=name):
                found.update(name.split("."))
            case ast.Global(names=names):
                found.update(names)
    found |= {aliases[name] for name in found & aliases.keys()}
    return sorted(found | {ALL} if found & LISTERS else found)


def local_names(function: Function) -> set[str]:
    """Return the parameters and variables of a function, which hide bindings of the module."""
    arguments = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    own = [*_own_nodes(function)]
    stored = {n.id for n in own if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    shared = {name for node in own if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return (arguments | stored) - shared


def take_docstrings(tree: ast.Module) -> list[str]:
    """Remove docstrings, and strings that are statements of the module; return those that are not private.

    Those of other decorated functions and of derived classes stay, because the decorator or the base class
    may read them: the contract has those of handlers and schemas.
    """
    taken = [ast.unparse(part) for part in tree.body if _is_text(part)]
    tree.body = [part for part in tree.body if not _is_text(part)]
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef) and _is_text(node.body[0]) and _hides_docstring(node):
            text = node.body.pop(0)
            taken += [] if _is_private(node) else [ast.unparse(text)]
    return taken


def _is_private(node: Function | ast.ClassDef) -> bool:
    return node.name.startswith("_") and not node.name.endswith("__")


def _is_text(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _hides_docstring(node: Function | ast.ClassDef) -> bool:
    if isinstance(node, ast.ClassDef) and (node.bases or node.keywords):
        return False
    decorators = {ast.unparse(part).partition("(")[0].rpartition(".")[2] for part in node.decorator_list}
    return decorators <= WITHOUT_EFFECT


def names_of_aliases(tree: ast.Module) -> dict[str, str]:
    """Return the names of what a module imports under another name."""
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname: alias.name for node in imports for alias in node.names if alias.asname}


def without_imported_names(tree: ast.Module) -> ast.Module:
    """Remove the names of `from … import` in a module, and return the tree.

    Code that uses an imported name mentions it. The import itself concerns the module that it loads.
    """
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.names[0].name != ALL and node.module != "__future__":
            node.names = []
    return tree


def _defaults(node: Function) -> Iterator[ast.expr]:
    yield from node.args.defaults
    yield from filter(None, node.args.kw_defaults)


def _is_pure(node: ast.expr) -> bool:
    """Return whether the evaluation of an expression has no effect but its value."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in PURE_CALLS:
        return all(map(_is_pure, [*node.args, *(keyword.value for keyword in node.keywords)]))
    if not isinstance(node, PURE):
        return False
    return all(_is_pure(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, except those of functions in it."""
    found: list[ast.AST] = [*function.body]
    for node in found:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            found += ast.iter_child_nodes(node)
