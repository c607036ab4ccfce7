"""Edits of existing modules. Each has an anchor, and refuses a module that lacks it.

They keep comments and formatting, and ruff wraps what they add. Code that is there
already is not added again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, cast

import libcst as cst

from scaffold.syntax import (
    MissingAnchorError,
    body_of,
    code_of,
    find_all,
    find_definition,
    find_display,
    inserted,
    is_docstring_or_import,
    name_of,
    replaced,
    with_element,
)


class Edit(Protocol):
    """A change of one module."""

    def apply(self, module: cst.Module) -> cst.Module:
        """Return the changed module. Raises MissingAnchorError."""
        ...


@dataclass(frozen=True)
class ImportName:
    """`from MODULE import NAME`. Ruff sorts imports."""

    module: str
    name: str

    def apply(self, module: cst.Module) -> cst.Module:
        head = [*takewhile(is_docstring_or_import, module.body)]
        imports = [
            found
            for found in find_all(cst.Module(head), cst.ImportFrom)
            if found.module and code_of(found.module) == self.module
        ]
        names = [find_all(found, cst.ImportAlias) for found in imports]
        if any(alias.evaluated_name == self.name for aliases in names for alias in aliases):
            return module
        if not imports:
            new = cst.parse_statement(f"from {self.module} import {self.name}\n")
            return module.with_changes(body=[*head, new, *module.body[len(head) :]])
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        added = cst.ImportAlias(cst.Name(self.name), comma=comma)
        return replaced(module, imports[0], imports[0].with_changes(names=[added, *names[0]]))


@dataclass(frozen=True)
class Statement:
    """Statements in the body of `place`: a class, a function (`Class.method`), or the module ("").

    They go after the last statement whose name matches `after`, or before the first that matches `before`, or
    to the end. The name of a statement without one is its code.
    """

    place: str
    code: str
    after: str = ""
    before: str = ""

    def apply(self, module: cst.Module) -> cst.Module:
        place = find_definition(module, self.place)
        if place is None:
            raise MissingAnchorError(self.place, self.code)
        body = body_of(place)
        new = cst.parse_module(self.code).body
        names = [name_of(statement) for statement in body]
        if name_of(new[0]) in names:
            return module
        index = self._index(names)
        statements = [*body[:index], *new, *body[index:]]
        if isinstance(place, cst.Module):
            return place.with_changes(body=statements)
        definition = cast("cst.ClassDef | cst.FunctionDef", place)
        suite = definition.body.with_changes(body=statements)
        return replaced(module, definition, definition.with_changes(body=suite))

    def _index(self, names: Sequence[str]) -> int:
        pattern = self.after or self.before
        if not pattern:
            return len(names)
        matching = [index for index, name in enumerate(names) if re.fullmatch(pattern, name)]
        if not matching:
            raise MissingAnchorError(f"{pattern} in {self.place or 'the module'}", self.code)
        return matching[-1] + 1 if self.after else matching[0]


@dataclass(frozen=True)
class Element:
    """An element of the list, tuple, set or dict that is assigned to `name`, or of its value at `key`."""

    name: str
    code: str
    key: str = ""
    after: str = ""

    def apply(self, module: cst.Module) -> cst.Module:
        assigned = find_definition(module, self.name)
        display = find_display(assigned) if assigned else None
        if self.key and display:
            items = [item for item in find_all(display, cst.DictElement) if code_of(item.key) == self.key]
            display = find_display(items[0].value) if items else None
        if display is None:
            raise MissingAnchorError(f"{self.name}[{self.key}]" if self.key else self.name, self.code)
        return replaced(module, display, with_element(display, self.code, self.after))


@dataclass(frozen=True)
class Case:
    """A row of the first `pytest.mark.parametrize` of the test `function`."""

    function: str
    code: str

    def apply(self, module: cst.Module) -> cst.Module:
        test = find_definition(module, self.function)
        decorators = test.decorators if isinstance(test, cst.FunctionDef) else ()
        rows = [rows for decorator in decorators for rows in find_all(decorator, cst.List)]
        if not rows:
            raise MissingAnchorError(f"test {self.function} with rows", self.code)
        return replaced(module, rows[0], with_element(rows[0], self.code))


@dataclass(frozen=True)
class Argument:
    """An argument of the first call of `callee` in the function, or in the assignment, `place`."""

    place: str
    callee: str
    code: str
    after: str = ""

    def apply(self, module: cst.Module) -> cst.Module:
        node = find_definition(module, self.place)
        calls = (
            [call for call in find_all(node, cst.Call) if code_of(call.func) == self.callee] if node else []
        )
        if not calls:
            raise MissingAnchorError(f"call of {self.callee} in {self.place}", self.code)
        new = cast("cst.Call", cst.parse_expression(f"f({self.code})")).args[0]
        args = inserted(calls[0].args, new, self.after)
        return replaced(module, calls[0], calls[0].with_changes(args=args))


@dataclass(frozen=True)
class Text:
    """The string that is assigned to `place`, such as `ArticleNotPublishedError.detail`."""

    place: str
    text: str

    def apply(self, module: cst.Module) -> cst.Module:
        node = find_definition(module, self.place)
        strings = find_all(node, cst.SimpleString) if node else []
        if not strings:
            raise MissingAnchorError(self.place, self.text)
        return replaced(module, strings[-1], cst.SimpleString(f'"{self.text}"'))


def apply_all(source: str, edits: Sequence[Edit]) -> str:
    """Return the source with all edits. Raises MissingAnchorError."""
    module = cst.parse_module(source)
    for edit in edits:
        module = edit.apply(module)
    return module.code
