"""The units of a checkout with their digests, and the files that a file imports.

The name of a unit is a kind and a path relative to the root: `code PATH::NAME` is a part of a Python file
(see `units`), `file PATH` a file's content, `source PATH` the same without the comments of code,
`folder PATH` the names in a folder, `stat PATH` the existence of a path, and `tree NAME` a whole package, the
whole backend, or the names of all files.
"""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from types import ModuleType

from gates.coverage.probes import instrument
from gates.coverage.probes.importer import Executed, executed
from gates.coverage.probes.instrument import Probe
from gates.model import Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files
from gates.repo.python import parse_source
from gates.testing.result_cache import units
from gates.testing.result_cache.children import CHECKOUT, CODE, NAMES, PACKAGES
from gates.testing.result_cache.units import SKELETON, measured_units, units_of_test_file

ABSENT = "absent"
TASKS = ("noxfile.py", "noxw", ".agent/", ".ci/", "deploy/", "compose.production.yaml")
"""Files outside backend/ that programs with code of the checkout may read."""
DATA = {"app": ("backend/alembic/", "backend/pyproject.toml")}
"""Files outside a package that its code reads."""
Parts = dict[str, tuple[str, list[int]]]
Proofs = tuple[list[int], list[list[int]]]


@dataclass(frozen=True)
class Dependencies:
    """The units of a checkout, read at first use."""

    project: Project

    def digest(self, unit: str) -> str | None:
        """Return the digest of a unit, None when the unit does not exist."""
        kind, _, name = unit.partition(" ")
        match kind:
            case "code":
                return self._code(*name.split("::", 1))
            case "file":
                return self.contents.get(name) or self._content(name)
            case "source":
                return self.code_digest(name)
            case "folder":
                return _digest(*sorted(self._folders.get(name, ())))
            case "stat":
                return self._kind_of(name)
        return None if unit == CHECKOUT else self._trees.get(unit)

    def _code(self, path: str, part: str = "") -> str | None:
        """Return the digest of a part of a Python file."""
        found = self.parts.get(path, {}).get(part)
        if found is None:
            return None
        is_shadowed = part == SKELETON and path.removesuffix(".py") in self._folders
        return f"{found[0]} shadowed" if is_shadowed else found[0]

    def _kind_of(self, name: str) -> str:
        if name in self._names:
            return "file"
        return "folder" if name in self._folders else ABSENT

    def probes(self, unit: str) -> list[int]:
        """Return the numbers of the probes of a unit, in the order of its code."""
        path, _, part = unit.partition(" ")[2].partition("::")
        found = self.parts.get(path, {}).get(part)
        return found[1] if found else []

    @cached_property
    def digests(self) -> "Digests":
        """The digests of units, each computed once."""
        return Digests(self)

    @cached_property
    def owners(self) -> dict[str, dict[int, str]]:
        """The unit of each probe, by the file and by the number of the probe."""
        owners: dict[str, dict[int, str]] = {path: {} for path in self.parts}
        for path, parts in self.parts.items():
            for part, (_, numbers) in parts.items():
                owners[path].update(dict.fromkeys(numbers, f"code {path}::{part}"))
        return owners

    def closure(self, path: str) -> frozenset[str]:
        """Return the Python files that a file imports, directly or not, and the file itself."""
        return self.project.memoize(("closure", path), lambda: self._reached([path]))

    def path_of(self, module: str) -> str | None:
        """Return the file of a module or of a package."""
        return self._modules.get(module)

    @cached_property
    def parts(self) -> dict[str, Parts]:
        """The units of each Python file below backend/."""
        measured = sorted(self.project.rulebook["coverage"]["measured"])
        return cached_per_file(self.project, self._python, _parts, _version(units, instrument), *measured)

    @cached_property
    def measured(self) -> list[str]:
        """The Python files whose coverage tests measure."""
        folders = tuple(f"backend/{name}/" for name in self.project.rulebook["coverage"]["measured"])
        return [path for path in self._python if path.startswith(folders)]

    def executed(self, hits: Mapping[str, Collection[int]]) -> dict[str, Executed]:
        """Return the lines and branches of measured files that probes prove."""
        probes = cached_per_file(self.project, self.measured, _proofs, _version(instrument))
        return {
            path: executed(_probe_of(found[number]) for number in hits[path])
            for path, found in probes.items()
            if path in hits
        }

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(files(self.project))

    @cached_property
    def _python(self) -> list[str]:
        return sorted(name for name in self._names if name.startswith("backend/") and name.endswith(".py"))

    @cached_property
    def _modules(self) -> dict[str, str]:
        return {module_name(path): path for path in self._python}

    @cached_property
    def _imports(self) -> dict[str, list[str]]:
        return cached_per_file(self.project, self._python, _imports)

    @cached_property
    def contents(self) -> dict[str, str]:
        """The digest of each file's content."""
        names = [name for name in self._names if (self.project.root / name).is_file()]
        return {name: _digest((self.project.root / name).read_bytes()) for name in names}

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        folders: dict[str, set[str]] = {}
        for name in self._names:
            for folder, child in zip(PurePosixPath(name).parents, _ancestors(name), strict=True):
                folders.setdefault("" if str(folder) == "." else str(folder), set()).add(child)
        return folders

    @cached_property
    def _trees(self) -> dict[str, str]:
        """Packages with what they import, and all code and data of the backend."""
        code = {name: self.code_digest(name) for name in sorted(self._names) if name.startswith("backend/")}
        tasks = [self.contents[name] for name in sorted(self.contents) if name.startswith(TASKS)]
        trees = {CODE: _digest(*code, *code.values(), *tasks), NAMES: _digest(*sorted(self._names))}
        for package in PACKAGES:
            folders = (f"backend/{package}/", *DATA.get(package, ()))
            inside = [path for path in code if path.startswith(folders)]
            reached = sorted({*inside, *self._reached(inside)})
            trees[f"tree {package}"] = _digest(*reached, *(code[path] for path in reached))
        return trees

    def code_digest(self, name: str) -> str:
        """Return the digest of a file, for Python without comments and formatting."""
        parts = self.parts.get(name)
        if not parts:
            return self.contents.get(name, ABSENT)
        return _digest(*(digest for digest, _ in parts.values()))

    def _content(self, name: str) -> str:
        path = self.project.root / name
        return _digest(path.read_bytes()) if path.is_file() else ABSENT

    def _reached(self, paths: Iterable[str]) -> frozenset[str]:
        reached: set[str] = set()
        waiting = [*paths]
        while waiting:
            name = waiting.pop()
            if name not in reached and name in self._used_files:
                reached.add(name)
                waiting += self._used_files[name]
        return frozenset(reached)

    @cached_property
    def _used_files(self) -> dict[str, list[str]]:
        """The files that a file imports, and the `__init__.py` of the packages around it."""
        used: dict[str, list[str]] = {}
        for path, modules in self._imports.items():
            used[path] = [self._modules[module] for module in modules if module in self._modules]
            used[path] += [name for name in _packages(path) if name in self._imports]
        return used


class Digests(dict[str, str | None]):
    """The digests of the requested units."""

    def __init__(self, dependencies: Dependencies) -> None:
        """Create an empty dictionary that computes digests on demand."""
        super().__init__()
        self._dependencies = dependencies

    def __missing__(self, unit: str) -> str | None:
        self[unit] = self._dependencies.digest(unit)
        return self[unit]


def _packages(path: str) -> list[str]:
    """Return the possible paths of `__init__.py` in the folders above a file."""
    return [f"{folder}/__init__.py" for folder in PurePosixPath(path).parents]


def is_shared_by_tests(path: str) -> bool:
    """Return whether a file below tests/ is a helper whose assertions pytest does not rewrite."""
    parts = PurePosixPath(path).parts
    is_rewritten = parts[-1].startswith("test_") or parts[-1] == "conftest.py" or "plugins" in parts
    return parts[1] == "tests" and not is_rewritten


def _parts(project: Project, path: str) -> Parts:
    """Return the units of a file as JSON values, and none for a file with a syntax error."""
    source = (project.root / path).read_text(encoding="utf-8")
    is_measured = path.split("/")[1] in project.rulebook["coverage"]["measured"] or is_shared_by_tests(path)
    try:
        found = measured_units(source) if is_measured else units_of_test_file(source)
    except (SyntaxError, ValueError):
        return {}
    return {part: (unit.digest, list(unit.probes)) for part, unit in found.items()}


def _proofs(project: Project, path: str) -> list[Proofs]:
    """Return the lines and branches that each probe of a file proves."""
    probes = instrument.instrument((project.root / path).read_text(encoding="utf-8"))[1]
    return [([*probe.lines], [[start, end] for start, end in probe.arcs]) for probe in probes]


def _probe_of(proofs: Proofs) -> Probe:
    lines, arcs = proofs
    return Probe(tuple(lines), tuple((start, end) for start, end in arcs))


def _version(*modules: ModuleType) -> str:
    return _digest(*(Path(str(module.__file__)).read_bytes() for module in modules))


def _imports(project: Project, path: str) -> list[str]:
    """Return the dotted names that a file may import, including strings outside of functions."""
    try:
        tree = parse_source((project.root / path).read_bytes())
    except (SyntaxError, ValueError):
        return []
    return sorted({*_imported(tree), *_named_outside_functions(tree)})


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)


def _named_outside_functions(tree: ast.Module) -> Iterator[str]:
    """Yield strings such as `tests.plugins.database` and `gates.layers:check`, without the part after `:`."""
    waiting: list[ast.AST] = [tree]
    for node in waiting:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(":")[0]
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += ast.iter_child_nodes(node)


@cache
def module_name(path: str) -> str:
    """Return the dotted name of a file below backend/."""
    parts = PurePosixPath(path).relative_to("backend").with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _ancestors(name: str) -> list[str]:
    """Return the parts of a path in reverse order."""
    return [*reversed(PurePosixPath(name).parts)]


def _digest(*parts: str | bytes) -> str:
    content = b"\0".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(content).hexdigest()[:32]
