"""R03, second half: what import-linter cannot see.

Why: Dynamic imports, attributes of modules and names that another module re-exports led around the layers.
Refuses: Libraries that [layers] does not list, dynamic imports, star imports, modules as values, names
    imported through a permitted module, modules outside the layers, links and compiled files.
Instead: Import each name directly from the module that defines it, or use a port.
Exceptions: None. A new library needs `./noxw -s lock`, an entry in [stack] and in [layers], and a decision.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gates.architecture.new_library import steps
from gates.model import Finding, Outcome, Project
from gates.repo.files import NOT_SOURCE, dotted, nodes, parse, tracked

MODULE_IN_TEXT = re.compile(r"(app(?:\.\w+)+)(?::\w+)?")
BINARY = {".egg", ".pth", ".pyc", ".pyd", ".pyi", ".pyx", ".so", ".zip"}
NO_LAYER: Mapping[str, Any] = {"layers": [], "libraries": []}

Problem = tuple[int, str, str]


def check(project: Project) -> Outcome:
    """Every import below backend/app, wherever it stands in the file, is one that its layer's lists allow."""
    app = App(project)
    findings = [*_misplaced(app)]
    for name, module in app.modules.items():
        problems = {*Reader(app, module).problems()}
        file = project.relative(module.path)
        findings += [Finding(file=file, line=line, message=m, fix=f) for line, m, f in sorted(problems)]
        if app.layer_of(name) is None and name != "app":
            message = f"{name} belongs to no layer, so nothing limits what it imports"
            findings.append(Finding(file=file, message=message, fix="move it into one of the [layers]"))
    return Outcome(findings=findings, checked=len(app.modules), note=f"{len(app.modules)} modules")


@dataclass(frozen=True)
class Module:
    """A parsed module. `names` maps what its imports bind to full names: `select` to `sqlalchemy.select`."""

    name: str
    path: Path
    tree: ast.Module

    @cached_property
    def imports(self) -> list[tuple[int, str, str]]:
        """Line, bound name and full name of each import; relative ones are resolved."""
        return [item for node in nodes(self.tree) for item in self._imports_of(node)]

    @cached_property
    def names(self) -> dict[str, str]:
        return {bound: full for _, bound, full in self.imports}

    def _imports_of(self, node: ast.AST) -> Iterator[tuple[int, str, str]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.asname or alias.name.partition(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, alias.asname or alias.name, f"{self._origin(node)}.{alias.name}"

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.path.stem == "__init__" else self.name.split(".")[:-1]
        return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


@dataclass(frozen=True)
class App:
    """The modules on disk, at a commit those that git tracks, and the rule book's lists."""

    project: Project

    @property
    def folder(self) -> Path:
        return self.project.backend / "app"

    @cached_property
    def paths(self) -> list[Path]:
        """Everything below the folder except bytecode and what editors and systems leave there."""
        paths = sorted(self.folder.rglob("*"))
        return [p for p in paths if "__pycache__" not in p.parts and not p.name.startswith(NOT_SOURCE)]

    @cached_property
    def modules(self) -> dict[str, Module]:
        paths = [path for path in self.paths if path.suffix == ".py"]
        if self.project.staged:
            names = {*tracked(self.project)}
            paths = [path for path in paths if self.project.relative(path) in names]
        found = {}
        for path in paths:
            parts = path.relative_to(self.project.backend).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = Module(name, path, parse(self.project, self.project.relative(path)))
        return found

    @cached_property
    def layers(self) -> dict[str, Any]:
        return self.project.book["layers"]

    def layer_of(self, name: str) -> str | None:
        """Return the layer of a full name below app, None for one outside all of them."""
        for layer, entry in self.layers.items():
            roots = entry.get("modules", [f"app.{layer}"])
            if any(f"{name}.".startswith(f"{root}.") for root in roots):
                return layer
        return None

    def allows(self, layer: str, full: str) -> bool:
        """Whether the rule book lets a layer import a full name below app: its own, or one that it lists."""
        listed = self.layers.get(layer, NO_LAYER)["layers"]
        other = self.layer_of(full)
        return other in {layer, *listed} or any(f"{full}.".startswith(f"app.{entry}.") for entry in listed)

    def split(self, name: str) -> tuple[Module | None, list[str]]:
        """Return the module that a full name starts with, and the rest of the name."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            if module := self.modules.get(".".join(parts[:end])):
                return module, parts[end:]
        return None, parts


@dataclass(frozen=True)
class Reader:
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
        inner = {id(node.value) for node in nodes(self.module.tree) if isinstance(node, ast.Attribute)}
        for node in nodes(self.module.tree):
            yield from self._dynamic(node)
            if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
                yield from self._as_value(node)

    def _dynamic(self, node: ast.AST) -> Iterator[Problem]:
        rules = self.app.project.book["imports"]
        if isinstance(node, ast.Attribute):
            if node.attr.startswith("__") and node.attr in rules["dynamic-names"]:
                yield self._refused(node.lineno, node.attr)
            first, _, rest = dotted(node).partition(".")
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
        first, dot, rest = dotted(node).partition(".")
        full = self.module.names.get(first, "") + dot + rest
        if full in self.app.modules or full in sys.stdlib_module_names:
            yield self._refused(node.lineno, f"the module {full} as a value")

    def _judged(self, line: int, full: str, seen: frozenset[str] = frozenset()) -> Iterator[Problem]:
        """Judge what a full name means, following it through the modules of app that only pass it on."""
        top = full.partition(".")[0]
        if top == "app":
            if not self.app.allows(self.layer, full):
                yield self._unlisted(line, full, "layers")
            module, rest = self.app.split(full)
            if module and rest and rest[0] in module.names and full not in seen:
                origin = ".".join([module.names[rest[0]], *rest[1:]])
                yield from self._judged(line, origin, seen | {full})
        elif top in sys.stdlib_module_names:
            if any(f".{name}." in f".{full}." for name in self.app.project.book["imports"]["dynamic"]):
                yield self._refused(line, full)
        elif top not in self.app.layers.get(self.layer, NO_LAYER)["libraries"]:
            yield self._unlisted(line, top, "libraries")

    def _unlisted(self, line: int, what: str, where: str) -> Problem:
        message = f"{self.layer} must not use {what}: it is not in [layers.{self.layer}] {where}"
        fix = "use a port, or move the code to a layer that may do this"
        return line, message, f"{fix}; {steps('runtime', layer=self.layer)}" if where == "libraries" else fix

    def _refused(self, line: int, what: str) -> Problem:
        return line, f"{what} can load or reach any module unseen by the layer rules", "import it by name"


def _misplaced(app: App) -> Iterator[Finding]:
    """Yield what Python may import although no layer rule reads it."""
    libraries = {name for layer in app.layers.values() for name in layer["libraries"]}
    for path in sorted(app.project.backend.iterdir()):
        importable = path.suffix == ".py" or (path / "__init__.py").exists()
        if importable and path.stem in libraries | sys.stdlib_module_names:
            message = f"Python imports this in place of the real {path.stem}"
            yield Finding(file=app.project.relative(path), message=message, fix="give it a name of its own")
    for path in app.paths:
        file = app.project.relative(path)
        if path.is_symlink():
            message = "a link can lead to code outside its layer"
            yield Finding(file=file, message=message, fix="use a real file")
        elif path.suffix in BINARY:
            yield Finding(file=file, message="Python may load this, and no gate can read it", fix="remove it")
        elif path.is_dir() and any(path.rglob("*.py")) and not (path / "__init__.py").exists():
            message = "without __init__.py import-linter, mypy and coverage overlook this folder"
            yield Finding(file=file, message=message, fix=f"add {file}/__init__.py")
