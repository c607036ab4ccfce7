"""Puts probes into the syntax tree of a module, and lists the lines and branches that each one proves.

A probe is the statement `__probes__[17] = 1` before a statement of the module. When it ran, so did the lines
of that statement; at the start of a block it also proves the branch that leads there.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coverage.parser import PythonParser

PROBES_VARIABLE = "__probes__"
"""The global variable of an instrumented module: a list with one number a probe, 1 for those that ran."""

Arc = tuple[int, int]
"""A branch, from line to line as coverage.py writes it; a negative line leaves the function or module."""
BranchingStatement = ast.If | ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True)
class Probe:
    """The lines, each the first of a statement, and the branches that a probe proves once it ran."""

    lines: tuple[int, ...] = ()
    arcs: tuple[Arc, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines or self.arcs)


def instrument(source: str) -> tuple[ast.Module, list[Probe]]:
    """Return a module's syntax tree with probes, and the probes by their number. Raises SyntaxError."""
    tree = ast.parse(source)
    if not tree.body:
        return tree, []
    parser = PythonParser(text=source)
    parser.parse_source()
    writer = _ProbeWriter(parser)
    tree.body = writer.documented_block(tree.body)
    return ast.fix_missing_locations(tree), writer.probes


class _ProbeWriter:
    """Rewrites blocks of statements and numbers the probes that it adds."""

    def __init__(self, parser: PythonParser) -> None:
        self.probes: list[Probe] = []
        self._parser = parser
        self._exits: dict[int, set[int]] = defaultdict(set)
        for start, end in parser.arcs():
            self._exits[start].add(end)

    def documented_block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite the body of a module, class or function: what must come first stays first."""
        start = next((i for i, node in enumerate(body) if not _must_stay_first(node)), len(body))
        known = Probe(lines=self._lines_of(body[:start]))
        return body[:start] + self._block(body[start:], known, at=body[-1])

    def _block(self, body: Sequence[ast.stmt], known: Probe, at: ast.stmt) -> list[ast.stmt]:
        """Rewrite a block. `known` holds once it starts, `at` places the probe of an empty one."""
        result: list[ast.stmt] = []
        for node in body:
            lines = self._lines(_header_lines(node))
            result += self._statement(Probe(known.lines + lines, known.arcs), node)
            known = Probe()
            self._rewrite(node)
            result.append(node)
        return result + self._statement(known, at)

    def _rewrite(self, node: ast.stmt) -> None:
        """Put probes into the blocks of a statement."""
        match node:
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
                self._rewrite_branching(node)
            case ast.Match():
                self._rewrite_match(node)
            case ast.Try() | ast.TryStar():
                node.body = self._block(node.body, Probe(), node)
                node.orelse = self._block(node.orelse, Probe(), node)
                node.finalbody = self._block(node.finalbody, Probe(), node)
                for handler in node.handlers:
                    self._rewrite_handler(handler, node)
            case ast.With() | ast.AsyncWith():
                node.body = self._block(node.body, Probe(), node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                node.body = self.documented_block(node.body)

    def _rewrite_branching(self, node: BranchingStatement) -> None:
        start = self._first_line(node.iter if isinstance(node, ast.For | ast.AsyncFor) else node.test)
        taken, other = self._branches(start, node.body)
        node.body = self._block(node.body, Probe(arcs=taken), node)
        node.orelse = self._block(node.orelse, Probe(arcs=other), node)

    def _rewrite_match(self, node: ast.Match) -> None:
        """A case that is reached proves that those before it were tried and did not match."""
        tried = Probe()
        for case in node.cases:
            start = self._first_line(case.pattern)
            taken, other = self._branches(start, case.body)
            lines = tried.lines + self._lines(range(start, start + 1))
            case.body = self._block(case.body, Probe(lines, tried.arcs + taken), node)
            tried = Probe(lines, tried.arcs + other)
        if not _matches_everything(node.cases[-1]):
            node.cases.append(ast.match_case(ast.MatchAs(), body=[*self._statement(tried, node), ast.Pass()]))

    def _rewrite_handler(self, handler: ast.ExceptHandler, node: ast.Try | ast.TryStar) -> None:
        """The line of a handler counts when its types are evaluated, whether or not they match."""
        line = Probe(lines=self._lines(range(handler.lineno, handler.lineno + 1)))
        if handler.type is None:
            handler.body = self._block(handler.body, line, node)
            return
        handler.body = self._block(handler.body, Probe(), node)
        call = ast.Call(ast.Attribute(_probes(), "__setitem__", ast.Load()), self._number(line), [])
        pair = ast.Tuple([call, handler.type], ast.Load())
        handler.type = ast.copy_location(ast.Subscript(pair, ast.Constant(1), ast.Load()), handler.type)

    def _branches(self, start: int, body: Sequence[ast.stmt]) -> tuple[tuple[Arc, ...], tuple[Arc, ...]]:
        """Return the branches from a line into a block, and those around it.

        There are none when the block is on that line itself, because nothing tells them apart. The formatter
        leaves no such block.
        """
        entries = (self._first_line(node) for node in body)
        entry = next((line for line in entries if line in self._exits[start]), None)
        if entry is None:
            return (), ()
        around = sorted(self._exits[start] - {entry})
        return ((start, entry),), tuple((start, end) for end in around)

    def _statement(self, known: Probe, at: ast.stmt) -> list[ast.stmt]:
        """Return the probe for the known lines and arcs at a statement, an empty list without any."""
        if not known:
            return []
        number, value = self._number(known)
        target = ast.Subscript(_probes(), number, ast.Store())
        return [ast.copy_location(ast.Assign([target], value), at)]

    def _number(self, probe: Probe) -> list[ast.expr]:
        self.probes.append(probe)
        return [ast.Constant(len(self.probes) - 1), ast.Constant(1)]

    def _lines_of(self, nodes: Iterable[ast.stmt]) -> tuple[int, ...]:
        return tuple(line for node in nodes for line in self._lines(_header_lines(node)))

    def _lines(self, lines: Iterable[int]) -> tuple[int, ...]:
        """Return those of some lines on which a statement begins."""
        firsts = {self._parser.first_line(line) for line in lines}
        return tuple(sorted(firsts & self._parser.statements))

    def _first_line(self, node: ast.stmt | ast.expr | ast.pattern) -> int:
        decorators = getattr(node, "decorator_list", [])
        return self._parser.first_line(decorators[0].lineno if decorators else node.lineno)


def _header_lines(node: ast.stmt) -> range:
    """Return the lines of a statement without those of its blocks."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    start = decorators[0].lineno if decorators else node.lineno
    if isinstance(node, ast.Try | ast.TryStar | ast.Match):
        return range(start, start + 1)
    body: list[ast.stmt] = getattr(node, "body", [])
    if not body:
        return range(start, (node.end_lineno or start) + 1)
    return range(start, max(_header_lines(body[0]).start, node.lineno + 1))


def _must_stay_first(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _matches_everything(case: ast.match_case) -> bool:
    """Return whether this case matches everything: Python refuses another case after it."""
    pattern = case.pattern
    while isinstance(pattern, ast.MatchOr):
        pattern = pattern.patterns[-1]
    while isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        pattern = pattern.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs)


def _probes() -> ast.Name:
    return ast.Name(PROBES_VARIABLE, ast.Load())
