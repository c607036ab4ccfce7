"""The units of a checkout with their digests, and the files that a file imports.

The name of a unit is a kind and a path relative to the root: `code PATH::NAME` is a part of a Python file
(see `units`), `file PATH` a file's content, `source PATH` the same without the comments of code,
`module PATH` all code of a Python file that runs on import, `folder PATH` the names in a folder,
`stat PATH` the existence of a path, and `tree NAME` a whole package, the whole backend, or the names of all
files.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import ModuleType

from gates.coverage.probes import instrument
from gates.coverage.probes.importer import Executed, executed
from gates.coverage.probes.instrument import Probe
from gates.model import Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files
from gates.testing.result_cache import names, units
from gates.testing.result_cache.children import CHECKOUT, CODE, NAMES, PACKAGES
from gates.testing.result_cache.file_analysis import (
    Part,
    Parts,
    Proofs,
    digest_of,
    imports_of_file,
    module_name,
    proofs_in_file,
    units_of_file,
)
from gates.testing.result_cache.meanings import Meanings
from gates.testing.result_cache.names import ALL, DOCSTRINGS
from gates.testing.result_cache.units import BINDING, SKELETON

ABSENT = "absent"
TASKS = ("noxfile.py", "noxw", ".agent/", ".ci/", "deploy/", "compose.production.yaml")
"""Files outside backend/ that programs with code of the checkout may read."""
DATA = {"app": ("backend/alembic/", "backend/pyproject.toml")}
"""Files outside a package that its code reads."""


@dataclass(frozen=True)
class Dependencies:
    """The units of a checkout, read at first use."""

    project: Project

    def digest(self, unit: str) -> str | None:
        """Return the digest of a unit, None when the unit does not exist."""
        kind, _, name = unit.partition(" ")
        readers: dict[str, Callable[[str], str | None]] = {
            "code": self._code,
            "module": self._module,
            "source": self.code_digest,
            "file": self._content,
            "folder": self._listing,
            "stat": self._kind_of,
        }
        if kind in readers:
            return readers[kind](name)
        return None if unit == CHECKOUT else self._trees.get(unit)

    def _code(self, name: str) -> str | None:
        """Return the digest of a part of a Python file, with the bindings that it mentions by name.

        That of a skeleton includes the files that it imports, since its digest does not have their names.
        """
        path, _, part = name.partition("::")
        found = self.parts.get(path, {}).get(part)
        if found is None:
            return None
        digest, _, _, names = found
        mentioned = [meaning for bound in names if (meaning := self.meanings[path, bound])]
        if part != SKELETON:
            return digest_of(digest, *mentioned)
        is_shadowed = path.removesuffix(".py") in self._folders
        return digest_of(digest, *mentioned, str(is_shadowed), *sorted(self._used_files.get(path, ())))

    def _module(self, path: str) -> str:
        """Return the digest of all code of a module that runs on import."""
        parts = self.parts.get(path, {})
        return digest_of(*(parts[name][0] for name in parts if name == SKELETON or name.startswith(BINDING)))

    @cached_property
    def bindings(self) -> dict[str, list[tuple[str, Part]]]:
        """The bindings of each name, with their files. `ALL` stands for all bindings."""
        found: dict[str, list[tuple[str, Part]]] = {ALL: []}
        for path, parts in self.parts.items():
            for name, part in parts.items():
                if name.startswith(BINDING):
                    bound = name.removeprefix(BINDING)
                    found.setdefault(bound, []).append((path, part))
                    if bound != DOCSTRINGS:
                        found[ALL].append((path, part))
        return found

    @cached_property
    def meanings(self) -> Meanings:
        """The digests of names, each computed once."""
        return Meanings(self.bindings, self.closure)

    def _kind_of(self, name: str) -> str:
        if name in self._names:
            return "file"
        return "folder" if name in self._folders else ABSENT

    def probes(self, unit: str) -> list[int]:
        """Return the numbers of the probes of a unit, in the order of its code."""
        path, _, part = unit.partition(" ")[2].partition("::")
        found = self.parts.get(path, {}).get(part)
        return found[1] if found else []

    def implied(self, unit: str) -> list[int]:
        """Return the numbers of the probes that ran if one of them did."""
        path, _, part = unit.partition(" ")[2].partition("::")
        found = self.parts.get(path, {}).get(part)
        return found[2] if found else []

    @cached_property
    def digests(self) -> "Digests":
        """The digests of units, each computed once."""
        return Digests(self)

    @cached_property
    def owners(self) -> dict[str, dict[int, str]]:
        """The unit of each probe, by the file and by the number of the probe."""
        owners: dict[str, dict[int, str]] = {path: {} for path in self.parts}
        for path, parts in self.parts.items():
            for part, (_, numbers, implied, _) in parts.items():
                owners[path].update(dict.fromkeys([*numbers, *implied], f"code {path}::{part}"))
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
        return cached_per_file(
            self.project, self._python, units_of_file, _version(units, names, instrument), *measured
        )

    @cached_property
    def measured(self) -> list[str]:
        """The Python files whose coverage tests measure."""
        folders = tuple(f"backend/{name}/" for name in self.project.rulebook["coverage"]["measured"])
        return [path for path in self._python if path.startswith(folders)]

    def executed(self, hits: Mapping[str, Collection[int]]) -> dict[str, Executed]:
        """Return the lines and branches of measured files that probes prove."""
        probes = cached_per_file(self.project, self.measured, proofs_in_file, _version(instrument))
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
        return cached_per_file(self.project, self._python, imports_of_file)

    @cached_property
    def contents(self) -> dict[str, str]:
        """The digest of each file's content."""
        names = [name for name in self._names if (self.project.root / name).is_file()]
        return {name: digest_of((self.project.root / name).read_bytes()) for name in names}

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
        trees = {CODE: digest_of(*code, *code.values(), *tasks), NAMES: digest_of(*sorted(self._names))}
        for package in PACKAGES:
            folders = (f"backend/{package}/", *DATA.get(package, ()))
            inside = [path for path in code if path.startswith(folders)]
            reached = sorted({*inside, *self._reached(inside)})
            trees[f"tree {package}"] = digest_of(*reached, *(code[path] for path in reached))
        return trees

    def code_digest(self, name: str) -> str:
        """Return the digest of a file, for Python without comments and formatting."""
        parts = self.parts.get(name)
        if not parts:
            return self.contents.get(name, ABSENT)
        return digest_of(*(part[0] for part in parts.values()))

    def _listing(self, name: str) -> str:
        return digest_of(*sorted(self._folders.get(name, ())))

    def _content(self, name: str) -> str:
        if name in self.contents:
            return self.contents[name]
        path = self.project.root / name
        return digest_of(path.read_bytes()) if path.is_file() else ABSENT

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


def _probe_of(proofs: Proofs) -> Probe:
    lines, arcs = proofs
    return Probe(tuple(lines), tuple((start, end) for start, end in arcs))


def _version(*modules: ModuleType) -> str:
    return digest_of(*(Path(str(module.__file__)).read_bytes() for module in modules))


def _ancestors(name: str) -> list[str]:
    """Return the parts of a path in reverse order."""
    return [*reversed(PurePosixPath(name).parts)]
