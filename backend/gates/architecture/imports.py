"""R03, second half: imports that import-linter cannot see.

Why: Dynamic imports, attributes of modules and names that another module re-exports led around the layers.
Refuses: Libraries that [layers] does not list, dynamic imports, star imports, modules as values, names
    imported through a permitted module, modules outside the layers, links and compiled files.
Instead: Import each name directly from the module that defines it, or use a port.
Exceptions: None. A new library needs `./noxw -s lock`, an entry in [stack] and in [layers], and a decision.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gates.architecture.new_library import steps_to_add
from gates.model import Finding, Outcome, Project
from gates.repo.modules import NO_LAYER, App, Module
from gates.repo.python import dotted_name, walk

MODULE_IN_TEXT = re.compile(r"(app(?:\.\w+)+)(?::\w+)?")
UNREADABLE_SUFFIXES = {".egg", ".pth", ".pyc", ".pyd", ".pyi", ".pyx", ".so", ".zip"}

Problem = tuple[int, str, str]


def check(project: Project) -> Outcome:
    """Refuse imports below backend/app, anywhere in a file, that the layer's lists do not allow."""
    app = App(project)
    findings = [*_misplaced_files(app)]
    for name, module in app.modules.items():
        problems = {*ImportChecker(app, module).problems()}
        file = project.relative(module.path)
        findings += [Finding(file=file, line=line, message=m, fix=f) for line, m, f in sorted(problems)]
        if app.layer_of(name) is None and name != "app":
            message = f"{name} belongs to no layer, so nothing limits what it imports"
            findings.append(Finding(file=file, message=message, fix="move it into one of the [layers]"))
    return Outcome(findings=findings, checked=len(app.modules), note=f"{len(app.modules)} modules")


@dataclass(frozen=True)
class ImportChecker:
    """Reads one module and says which of its names its layer must not have."""

    app: App
    module: Module

    @cached_property
    def layer(self) -> str:
        return self.app.layer_of(self.module.name) or self.module.name

    def problems(self) -> Iterator[Problem]:
        """Yield line, message and fix of each violation."""
        for line, bound, full in self.module.imports:
            if bound == "*":
                yield line, f"`from {full[:-2]} import *` hides what is imported", "name what you import"
            elif bound == "app":
                message = f"`import {full}` makes every loaded module of app reachable as an attribute"
                yield line, message, f"write `from {full} import …`"
            else:
                yield from self._judged(line, full)
        inner = {id(node.value) for node in walk(self.module.tree) if isinstance(node, ast.Attribute)}
        for node in walk(self.module.tree):
            yield from self._dynamic(node)
            if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
                yield from self._as_value(node)

    def _dynamic(self, node: ast.AST) -> Iterator[Problem]:
        rules = self.app.project.rulebook["imports"]
        if isinstance(node, ast.Attribute):
            if node.attr.startswith("__") and node.attr in rules["dynamic-names"]:
                yield self._refused(node.lineno, node.attr)
            first, _, rest = dotted_name(node).partition(".")
            if first in self.module.names:
                yield from self._judged(node.lineno, f"{self.module.names[first]}.{rest}")
        elif isinstance(node, ast.Name) and node.id in rules["dynamic-names"]:
            yield self._refused(node.lineno, node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = MODULE_IN_TEXT.fullmatch(node.value)
            if match and self.app.layer_of(match[1]):
                yield from self._judged(node.lineno, match[1])

    def _as_value(self, node: ast.Name | ast.Attribute) -> Iterator[Problem]:
        """Refuse to hand a module over: `getattr(database, "select")`, `attrgetter("select")(database)`."""
        first, dot, rest = dotted_name(node).partition(".")
        full = self.module.names.get(first, "") + dot + rest
        if full in self.app.modules or full in sys.stdlib_module_names:
            yield self._refused(node.lineno, f"the module {full} as a value")

    def _judged(self, line: int, full: str, seen: frozenset[str] = frozenset()) -> Iterator[Problem]:
        """Judge the target of a full name, followed through modules of app that re-export it."""
        top = full.partition(".")[0]
        if top == "app":
            if not self.app.allows(self.layer, full):
                yield self._unlisted(line, full, "layers")
            module, rest = self.app.split(full)
            if module and rest and rest[0] in module.names and full not in seen:
                origin = ".".join([module.names[rest[0]], *rest[1:]])
                yield from self._judged(line, origin, seen | {full})
        elif top in sys.stdlib_module_names:
            if any(
                f".{name}." in f".{full}." for name in self.app.project.rulebook["imports"]["dynamic-modules"]
            ):
                yield self._refused(line, full)
        elif top not in self.app.layers.get(self.layer, NO_LAYER)["libraries"]:
            yield self._unlisted(line, top, "libraries")

    def _unlisted(self, line: int, what: str, where: str) -> Problem:
        message = f"{self.layer} must not use {what}: it is not in [layers.{self.layer}] {where}"
        fix = "use a port, or move the code to a layer that may do this"
        return (
            line,
            message,
            f"{fix}; {steps_to_add('runtime', layer=self.layer)}" if where == "libraries" else fix,
        )

    def _refused(self, line: int, what: str) -> Problem:
        return line, f"{what} can load or reach any module unseen by the layer rules", "import it by name"


def _misplaced_files(app: App) -> Iterator[Finding]:
    """Yield the files that Python may import although no layer rule reads them."""
    libraries = {name for layer in app.layers.values() for name in layer["libraries"]}
    for path in sorted(app.project.backend.iterdir()):
        importable = path.suffix == ".py" or (path / "__init__.py").exists()
        if importable and path.stem in libraries | sys.stdlib_module_names:
            message = f"Python imports this instead of the real {path.stem}"
            yield Finding(file=app.project.relative(path), message=message, fix="rename it")
    for path in app.paths:
        file = app.project.relative(path)
        if path.is_symlink():
            message = "a link can lead to code outside its layer"
            yield Finding(file=file, message=message, fix="replace the link with the file")
        elif path.suffix in UNREADABLE_SUFFIXES:
            yield Finding(file=file, message="Python may load this, and no gate can read it", fix="remove it")
        elif path.is_dir() and any(path.rglob("*.py")) and not (path / "__init__.py").exists():
            message = "without __init__.py import-linter, mypy and coverage skip this folder"
            yield Finding(file=file, message=message, fix=f"add {file}/__init__.py")
