"""The modules of the backend and what they import, as their source says."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from gates.model import Project
from gates.repo.files import tracked
from gates.repo.python import NOT_SOURCE, parse_file, walk

NO_LAYER: Mapping[str, Any] = {"layers": [], "libraries": []}


@dataclass(frozen=True)
class Module:
    """A parsed module. `names` maps what its imports bind to full names: `select` to `sqlalchemy.select`."""

    name: str
    path: Path
    tree: ast.Module

    @cached_property
    def imports(self) -> list[tuple[int, str, str]]:
        """Line, bound name and full name of each import; relative ones are resolved."""
        return [item for node in walk(self.tree) for item in self._imports_of(node)]

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
            file = self.project.relative(path)
            name = module_name(file)
            found[name] = Module(name, path, parse_file(self.project, file))
        return found

    @cached_property
    def layers(self) -> dict[str, Any]:
        return self.project.rulebook["layers"]

    def layer_of(self, name: str) -> str | None:
        """Return the layer of a full name below app, None for one outside all of them."""
        for layer, entry in self.layers.items():
            roots = entry.get("modules", [f"app.{layer}"])
            if any(f"{name}.".startswith(f"{root}.") for root in roots):
                return layer
        return None

    def allows(self, layer: str, full: str) -> bool:
        """Return whether a layer may import a full name below app: its own, or one in the rule book."""
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


def module_name(path: str) -> str:
    """Return the dotted name of a file below backend/, given relative to the root."""
    parts = PurePosixPath(path).relative_to("backend").with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a file may load: its imports and their parent packages."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (part for alias in node.names for part in _packages(alias.name))
            case ast.ImportFrom(module=str(module)):
                yield from (part for alias in node.names for part in _packages(f"{module}.{alias.name}"))


def _packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
