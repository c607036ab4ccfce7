"""What is known of a single file, as JSON values: its units, what its probes prove, and its imports."""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

from gates.coverage.probes.instrument import instrument
from gates.model import Project
from gates.repo.python import parse_source
from gates.testing.result_cache.units import Unit, measured_units, units_of_test_file

Part = tuple[str, list[int], list[int], list[str]]
"""The fields of a unit."""
Parts = dict[str, Part]
"""The units of a file by their names."""
Proofs = tuple[list[int], list[list[int]]]
"""The lines and branches that a probe proves."""


def is_shared_by_tests(path: str) -> bool:
    """Return whether a file below tests/ is a helper whose assertions pytest does not rewrite."""
    parts = PurePosixPath(path).parts
    is_rewritten = parts[-1].startswith("test_") or parts[-1] == "conftest.py" or "plugins" in parts
    return parts[1] == "tests" and not is_rewritten


def units_of_file(project: Project, path: str) -> Parts:
    """Return the units of a file as JSON values, and none for a file with a syntax error."""
    source = (project.root / path).read_text(encoding="utf-8")
    is_measured = path.split("/")[1] in project.rulebook["coverage"]["measured"] or is_shared_by_tests(path)
    try:
        found = measured_units(source) if is_measured else units_of_test_file(source)
    except (SyntaxError, ValueError):
        return {}
    return parts_of(found)


def parts_of(found: Mapping[str, Unit]) -> Parts:
    """Return units as JSON values."""
    return {
        name: (unit.digest, [*unit.probes], [*unit.implied], [*unit.names]) for name, unit in found.items()
    }


def proofs_in_file(project: Project, path: str) -> list[Proofs]:
    """Return the lines and branches that each probe of a file proves."""
    probes = instrument((project.root / path).read_text(encoding="utf-8"))[1]
    return [([*probe.lines], [[start, end] for start, end in probe.arcs]) for probe in probes]


def imports_of_file(project: Project, path: str) -> list[str]:
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


def digest_of(*parts: str | bytes) -> str:
    """Return a digest of texts in this order."""
    content = b"\0".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(content).hexdigest()[:32]
