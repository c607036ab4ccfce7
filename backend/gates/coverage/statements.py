"""The statements that a set of lines belongs to: a change inside a statement is a change of it.

Coverage counts a statement at its first line and a branch at the line it starts from; a change may show
only on a continuation line, a decorator or an `else:`.
"""

import ast
import re
import tokenize
from io import BytesIO

LONE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
NON_CODE_TOKENS = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
Unit = ast.stmt | ast.excepthandler


class Statements:
    """The statements of a source by line. The owner of a line is the innermost one that has it."""

    def __init__(self, source: bytes, tree: ast.Module) -> None:
        """Index a source and its syntax tree."""
        self._source = source
        self._tree = tree
        self._owners: dict[int, Unit] = {}
        for node in ast.walk(tree):  # breadth first: inner statements overwrite outer ones
            if isinstance(node, Unit):
                self._owners |= dict.fromkeys(_span(node), node)

    def lines_of_changed_statements(self, changed: set[int]) -> set[int]:
        """Return all lines of the statements that own a changed line of code. A comment is not code.

        Git knows no lines that end in a lone carriage return, so that with one all lines count as changed.
        """
        if LONE_CARRIAGE_RETURN.search(self._source):
            return set(self._owners)
        units = {id(self._owners[line]) for line in changed & self.code_lines() if line in self._owners}
        return {line for line, unit in self._owners.items() if id(unit) in units}

    def shared_lines(self, lines: set[int]) -> list[int]:
        """Return the lines on which a statement follows another: coverage cannot distinguish them.

        `...` does nothing and is allowed there.
        """
        text = [line.encode() for line in self._source.decode("utf-8", "replace").splitlines()]
        return sorted(
            node.lineno
            for node in ast.walk(self._tree)
            if isinstance(node, ast.stmt)
            and node.lineno in lines
            and text[node.lineno - 1][: node.col_offset].strip()
            and not _is_ellipsis(node)
        )

    def excludable_lines(self) -> set[int]:
        """Return the lines that coverage may leave out: bodies that are `...`, imports for types."""
        nodes = (node for node in ast.walk(self._tree) if isinstance(node, ast.stmt))
        return {
            line for node in nodes if _is_declaration(node) or _only_imports(node) for line in _span(node)
        }

    def code_lines(self) -> set[int]:
        """Return the lines that hold more than a comment."""
        tokens = tokenize.tokenize(BytesIO(self._source).readline)
        return {
            line
            for token in tokens
            if token.type not in NON_CODE_TOKENS
            for line in range(token.start[0], token.end[0] + 1)
        }


def _span(node: Unit) -> range:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return range(first, (node.end_lineno or node.lineno) + 1)


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _is_declaration(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    body = node.body if ast.get_docstring(node, clean=False) is None else node.body[1:]
    return len(body) == 1 and _is_ellipsis(body[0])


def _only_imports(node: ast.stmt) -> bool:
    if not isinstance(node, ast.If) or node.orelse:
        return False
    return all(isinstance(child, ast.Import | ast.ImportFrom) for child in node.body)
