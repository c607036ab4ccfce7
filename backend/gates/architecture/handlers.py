"""R04: handlers and the composition root contain no logic and no session.

Why: Rules in handlers hold for HTTP alone: the command line and the worker bypass them, and unit tests
    cannot reach them.
Refuses: Conditions, loops, comparisons, error handling, arithmetic, database sessions and a second call in
    a handler; helpers beside handlers; routes outside `routers/`; validators across fields.
Instead: Write a use case in `application/` and call it once. Check the form of one field in its schema.
Exceptions: Models in [handlers.model-validators], where a protocol requires a rule across fields.

The gate goes by names: it cannot know a value's type at run time. Reviewers judge validators of one field.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gates.architecture.logic import ALLOWED_IN_DEPENDENCIES, ALLOWED_IN_MAIN, WHY_NO_LOGIC, find_logic
from gates.model import Finding, Outcome, Project
from gates.repo.modules import App, Module
from gates.repo.python import dotted_name, functions, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef

WHY_READ_ONLY = "what a use case returns is only read"
LOOKUP_FUNCTIONS = {"attrgetter", "get", "getattr", "methodcaller"}


def check(project: Project) -> Outcome:
    """Handlers translate and make one call; app.main wires; routes and sessions stay where they belong."""
    app = App(project)
    findings: list[Finding] = []
    handlers = 0
    for name, module in app.modules.items():
        checker = ModuleChecker(
            module, project.rulebook["handlers"], project.rulebook["budgets"]["handler-lines"]
        )
        problems: list[tuple[int, str]] = []
        if name.startswith("app.presentation."):
            problems += checker.sessions()
        if name.startswith("app.presentation.http."):
            problems += [*checker.comparisons(), *checker.validators()]
            handlers += len(checker.handlers)
            problems += checker.routes(is_router=".routers" in name)
        if app.layer_of(name) == "main":
            problems += [*find_logic(module.tree, ALLOWED_IN_MAIN), *checker.routes(is_router=False)]
        if name == project.rulebook["handlers"]["state-reader"]:
            problems += find_logic(module.tree, ALLOWED_IN_DEPENDENCIES)
        if not name.startswith(("app.presentation.", "app.main")):
            problems += checker.misplaced_routes()
        file = project.relative(module.path)
        findings += [_finding(file, line, message) for line, message in sorted({*problems})]
    return Outcome(findings=findings, checked=handlers, note=f"{handlers} handlers")


@dataclass(frozen=True)
class ModuleChecker:
    """Reads one module by the rule book's [handlers]; yields line and message of each violation."""

    module: Module
    rules: dict[str, Any]
    longest: int

    @cached_property
    def handlers(self) -> list[Function]:
        """The functions that a decorator such as `@router.get(…)` makes a route."""
        found = functions(self.module.tree)
        return [function for function in found if any(map(self._is_route, function.decorator_list))]

    def routes(self, *, is_router: bool) -> Iterator[tuple[int, str]]:
        """Check everything in a router module, and only the handlers elsewhere."""
        if is_router:
            yield from self._undecorated_registrations()
            yield from self._module_level()
            yield from self._logic(self.module.tree)
        elif not self.module.name.startswith("app.main"):
            yield from self._named_use_cases(self.module.tree)
        for function in self.handlers:
            yield from self._handler(function)
            yield from self._misused_arguments(function)
            if not is_router:
                yield from self._logic(function)

    def sessions(self) -> Iterator[tuple[int, str]]:
        """Refuse attributes that only a session, a connection or the application's state has."""
        why = "presentation uses its dependencies, never a session or the application's state"
        refused = {*self.rules["forbidden-attributes"]}
        permitted = {*self._reading_of_state()}
        for node in walk(self.module.tree):
            if isinstance(node, ast.Attribute) and node not in permitted:
                if node.attr in refused or dotted_name(node).endswith("request.app"):
                    yield node.lineno, f".{node.attr}: {why}"
            elif isinstance(node, ast.Subscript | ast.Call) and _looked_up(node) in {*refused, "app", "?"}:
                yield node.lineno, f"a look-up of {_looked_up(node)!r}: {why}"
            elif isinstance(node, ast.AsyncWith) and not self._closes(node):
                yield node.lineno, "an async with: only use cases enter a unit of work"

    def comparisons(self) -> Iterator[tuple[int, str]]:
        """Refuse decisions by names of the domain: `role == Role.ADMIN`, `case ArticleStatus.DRAFT`."""
        for node in walk(self.module.tree):
            if isinstance(node, ast.Compare | ast.MatchValue):
                operands = [node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.value]
                for full in map(self._full, operands):
                    if full.startswith(("app.domain.", "app.application.")):
                        yield node.lineno, f"a comparison with {full}: {WHY_NO_LOGIC}"

    def validators(self) -> Iterator[tuple[int, str]]:
        """Refuse rules across fields, but for those of a protocol: they are the domain's invariants."""
        for model in walk(self.module.tree):
            if isinstance(model, ast.ClassDef) and model.name not in self.rules["model-validators"]:
                for part in ast.walk(model):
                    if self._full(part).endswith("pydantic.model_validator"):
                        message = (
                            f"{model.name} decides across fields: {WHY_NO_LOGIC}, or [handlers] declares it"
                        )
                        yield getattr(part, "lineno", 0), message

    def misplaced_routes(self) -> Iterator[tuple[int, str]]:
        """Refuse routes outside presentation."""
        for function in self.handlers:
            yield function.lineno, f"{function.name} is a route, and routes belong to presentation"

    def _closes(self, node: ast.AsyncWith) -> bool:
        return all(self._full(item.context_expr) == "contextlib.aclosing" for item in node.items)

    def _reading_of_state(self) -> Iterator[ast.AST]:
        if self.module.name == self.rules["state-reader"]:
            for node in walk(self.module.tree):
                if dotted_name(node) == self.rules["state"]:
                    yield from ast.walk(node)

    def _is_route(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in self.rules["route-methods"]
        )

    def _undecorated_registrations(self) -> Iterator[tuple[int, str]]:
        """Refuse a router's methods anywhere but in a decorator: there the handler would go unseen."""
        decorators = {
            part
            for function in functions(self.module.tree)
            for decorator in function.decorator_list
            for part in ast.walk(decorator)
        }
        for node in walk(self.module.tree):
            if isinstance(node, ast.Attribute) and node not in decorators:
                routed = dotted_name(node.value).endswith("router")
                if routed or node.attr in self.rules["forbidden-registrations"]:
                    yield node.lineno, f".{node.attr} registers a route unseen: use a decorator"

    def _module_level(self) -> Iterator[tuple[int, str]]:
        """Refuse statements other than imports, constants and handlers, and new names for dependencies."""
        for statement in self.module.tree.body:
            if isinstance(statement, Function):
                if statement not in self.handlers:
                    yield statement.lineno, f"{statement.name} stands beside handlers: {WHY_NO_LOGIC}"
            elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom | ast.Expr):
                yield from self._named_use_cases(statement)
                for node in ast.walk(statement):
                    if self._last(node) in self.rules["pass-through"] and not isinstance(
                        statement, ast.ImportFrom
                    ):
                        yield (
                            statement.lineno,
                            f"another name for {self._last(node)} hides what a handler has",
                        )
            else:
                yield statement.lineno, f"{type(statement).__name__} stands beside handlers: {WHY_NO_LOGIC}"

    def _handler(self, function: Function) -> Iterator[tuple[int, str]]:
        lines = _lines(function)
        if lines > self.longest:
            yield function.lineno, f"{function.name} has {lines} lines, {self.longest} are allowed"
        made = [*self._use_case_calls(function)]
        if len(made) > 1:
            message = f"{function.name} makes {len(made)} calls, allowed is one use case or query"
            yield made[1], message
        for decorator in function.decorator_list:
            if not self._is_route(decorator):
                yield decorator.lineno, f"@{ast.unparse(decorator)} may do anything around {function.name}"
        for node in ast.walk(function):
            if isinstance(node, Function | ast.ClassDef) and node is not function:
                yield node.lineno, f"{node.name} inside {function.name}: {WHY_NO_LOGIC}"

    def _misused_arguments(self, function: Function) -> Iterator[tuple[int, str]]:
        """Refuse any use of pass-through arguments, and changes to a use case's result."""
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        mentioned = {a.arg: {self._last(n) for n in ast.walk(a.annotation or a)} for a in arguments}
        own = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for name, words in mentioned.items():
            if "Any" in words:
                yield function.lineno, f"{name} is Any, so its content is unknown: name its type"
        for node in (node for statement in function.body for node in ast.walk(statement)):
            first = dotted_name(node).partition(".")[0]
            if isinstance(node, ast.Attribute) and mentioned.get(first, set()) & {
                *self.rules["pass-through"]
            }:
                yield node.lineno, f"{first}.{node.attr}: {first} is for use cases, so only hand it on"
            if isinstance(node, ast.Call) and dotted_name(node.func).partition(".")[0] in {"", *own}:
                yield node.lineno, f"{ast.unparse(node.func)}(): {WHY_READ_ONLY}"
            stored = isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)
            if stored and not dotted_name(getattr(node, "value", node)).endswith(".headers"):
                yield getattr(node, "lineno", 0), f"{ast.unparse(node)} = …: {WHY_READ_ONLY}"

    def _use_case_calls(self, function: Function) -> Iterator[int]:
        """Yield the lines that name a use case or await a function from outside of presentation."""
        for node in ast.walk(function):
            if isinstance(node, ast.Name | ast.Attribute) and _is_use_case(self._full(node)):
                yield node.lineno
            elif isinstance(node, ast.Await):
                called = self._full(node.value.func) if isinstance(node.value, ast.Call) else ""
                if not called.startswith("app.presentation.") and not _is_use_case(called):
                    yield node.lineno

    def _named_use_cases(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute) and _is_use_case(full := self._full(node)):
                yield node.lineno, f"{full}: only a handler in routers/ calls use cases"

    def _logic(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        yield from find_logic(tree, set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and dotted_name(node.func) in self.rules["forbidden-calls"]:
                yield node.lineno, f"{dotted_name(node.func)}() computes: {WHY_NO_LOGIC}"

    def _full(self, node: ast.AST) -> str:
        first, dot, rest = dotted_name(node.func if isinstance(node, ast.Call) else node).partition(".")
        return self.module.names.get(first, first) + dot + rest

    def _last(self, node: ast.AST) -> str:
        return self._full(node).rpartition(".")[2]


def _is_use_case(full: str) -> bool:
    """Tell the functions of the application layer from its modules, its classes and their methods."""
    _, _, name = full.removeprefix("app.application.").partition(".")
    return full.startswith("app.application.") and name != "" and full == full.lower()


def _looked_up(node: ast.Subscript | ast.Call) -> str:
    """Return the text in `x["text"]`, `x.get("text")` and `getattr(x, "text")`; "?" for a computed name."""
    if isinstance(node, ast.Subscript):
        return str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""
    function = dotted_name(node.func).rpartition(".")[2]
    position = 1 if function == "getattr" else 0
    name = node.args[position] if function in LOOKUP_FUNCTIONS and len(node.args) > position else None
    if isinstance(name, ast.Constant):
        return str(name.value)
    computed = function in {"getattr", "vars"} and node.args and dotted_name(node.args[0]) != "self"
    return "?" if computed else ""


def _lines(function: Function) -> int:
    """Count the lines from `def` to the end, without the docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def _finding(file: str, line: int, message: str) -> Finding:
    fix = "move it to a use case, a schema or a dependency; a handler translates and makes one call"
    return Finding(file=file, line=line, message=message, fix=fix)
