"""Search in LibCST trees, and insertion into the collections and calls that they contain."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

import libcst as cst

from scaffold.errors import ScaffoldError

Display = cst.List | cst.Tuple | cst.Set | cst.Dict
Found = TypeVar("Found", bound=cst.CSTNode)

_NO_MODULE = cst.Module([])


class MissingAnchorError(ScaffoldError):
    """The module has no place for an edit. The message names the place and the code."""

    def __init__(self, anchor: str, code: str) -> None:
        super().__init__(
            f"it has no {anchor}. Add this by hand, or correct the anchor in backend/scaffold: {code}"
        )


def code_of(node: cst.CSTNode) -> str:
    return _NO_MODULE.code_for_node(node).strip()


def name_of(node: cst.CSTNode) -> str:
    """Return the name that a statement defines or assigns to, the code of other statements."""
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.name.value
    if isinstance(node, cst.SimpleStatementLine):
        first = node.body[0]
        if isinstance(first, cst.Assign):
            return code_of(first.targets[0].target)
        if isinstance(first, cst.AnnAssign):
            return code_of(first.target)
    return code_of(node)


def is_docstring_or_import(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    first = statement.body[0]
    if isinstance(first, cst.Expr):
        return isinstance(first.value, cst.SimpleString)
    return isinstance(first, cst.Import | cst.ImportFrom)


def body_of(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    """Return the statements of a module, class or function."""
    body = getattr(node, "body", ())
    return body.body if isinstance(body, cst.BaseSuite) else body


def find_definition(module: cst.Module, place: str) -> cst.CSTNode | None:
    """Return the definition or assignment with a dotted name; "" is the module."""
    node: cst.CSTNode = module
    for part in place.split(".") if place else ():
        found = [each for each in body_of(node) if name_of(each) == part]
        if not found:
            return None
        node = found[0]
    return node


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the node and all nodes below it, the outer before the inner."""
    yield node
    for child in node.children:
        yield from walk(child)


def find_all(node: cst.CSTNode, kind: type[Found]) -> list[Found]:
    """Return the nodes of a kind, the outer before the inner."""
    return [child for child in walk(node) if isinstance(child, kind)]


def find_display(node: cst.CSTNode) -> Display | None:
    """Return the first list, tuple, set or dict."""
    return next((child for child in walk(node) if isinstance(child, Display)), None)


def with_element(display: Display, code: str, after: str = "") -> Display:
    """Return the collection with one more element, unless it has it already."""
    if isinstance(display, cst.Dict):
        parsed = cast("cst.Dict", cst.parse_expression("{" + code + "}"))
        return display.with_changes(elements=inserted(display.elements, parsed.elements[0], after))
    element = cst.Element(cst.parse_expression(code))
    return display.with_changes(elements=inserted(display.elements, element, after))


def inserted(
    parts: Sequence[Any], new: cst.BaseElement | cst.BaseDictElement | cst.Arg, after: str = ""
) -> list[Any]:
    """Return the elements or arguments with the new one after the last that matches `after`, or at the end.

    The last part keeps its trailing comma, by which ruff decides whether each part has a line of its own.
    """
    codes = [code_of(part.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for part in parts]
    if code_of(new) in codes:
        return [*parts]
    matching = [index for index, code in enumerate(codes) if re.fullmatch(after, code)] if after else []
    if after and not matching:
        raise MissingAnchorError(after, code_of(new))
    place = matching[-1] + 1 if matching else len(parts)
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if place < len(parts):
        return [*parts[:place], new.with_changes(comma=comma), *parts[place:]]
    trailing = parts[-1].comma if parts else cst.MaybeSentinel.DEFAULT
    before = [part.with_changes(comma=comma) for part in parts[-1:]]
    return [*parts[:-1], *before, new.with_changes(comma=trailing)]


def replaced(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    return cast("cst.Module", module.deep_replace(old, new))
