"""The files of a project as the gates read them: listed by git, parsed once."""

import ast
import threading
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from gates.model import GateError, Project
from gates.repo.git import UNTRACKED, listed, staged_paths
from gates.rulebook import PATH

NOT_SOURCE = (".#", "._")
"""Prefixes of names that editors and systems make from a file's: Emacs's lock, macOS's attributes."""

_turn = threading.Lock()


def modes(project: Project) -> dict[str, str]:
    """Return git's mode of each file in its index, such as "100644"."""
    rows = (row.partition("\t") for row in listed(project, "--stage"))
    return {name: facts.split()[0] for facts, _, name in rows}


def tracked(project: Project) -> list[str]:
    """Return the files in git's index that still exist, relative to the root."""
    return project.once("tracked", lambda: _existing(project, modes(project)))


def untracked(project: Project) -> list[str]:
    """Return the files that git neither tracks nor ignores, relative to the root; a commit has none."""
    if project.staged:
        return []
    return project.once("untracked", lambda: _existing(project, listed(project, *UNTRACKED)))


def ignored(project: Project, *patterns: str) -> list[str]:
    """Return the files that git ignores and that match a pattern."""
    options = ("--others", "--ignored", "--exclude-standard", "--", *patterns)
    return _existing(project, listed(project, *options))


def files(project: Project, *patterns: str) -> list[str]:
    """Return the tracked and untracked files that match a pattern, in order; without patterns all of them.

    `*` in a pattern also matches slashes.
    """
    names = {*tracked(project), *untracked(project)}
    return sorted(name for name in names if not patterns or any(fnmatchcase(name, p) for p in patterns))


def unproven(project: Project, *patterns: str) -> list[str]:
    """Return the matching files that each have to be looked at on their own.

    At commit these are the staged ones: the others passed with the commits that brought them. All have to
    when the rule book is staged, since the rules may be others.
    """
    names = files(project, *patterns)
    if not project.staged:
        return names
    staged = project.once("staged paths", lambda: staged_paths(project))
    return names if PATH in staged else [name for name in names if name in staged]


def text(project: Project, name: str) -> str:
    """Return a file's text. Raises GateError when it is not UTF-8."""
    try:
        return (project.root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise GateError(f"{name} is not UTF-8 text: convert it.") from None


def syntax(source: str | bytes) -> ast.Module:
    """Return the syntax tree of Python source, a new one each time. Raises SyntaxError or ValueError.

    Gates run in threads, and CPython counts how deep it is in a tree for all threads of a process together:
    two that build trees at once end in a SystemError now and then. So they take turns.
    """
    with _turn:
        return ast.parse(source)


def parse(project: Project, name: str) -> ast.Module:
    """Return a Python file's syntax tree. Raises GateError when it is not valid Python."""
    try:
        return _known((project.root / name).read_bytes())
    except (SyntaxError, ValueError) as error:
        raise GateError(f"{name} is not valid Python ({error}): correct it.") from None


@lru_cache(maxsize=1024)
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return every node of a file, outer ones first; many gates ask, one walks."""
    return tuple(ast.walk(tree))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method, nested ones included. Only statements are searched: they are few."""
    found: list[ast.AST] = [tree]
    for node in found:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, ())
            found += inner if isinstance(inner, list) else ()


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of attributes on a name, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


@lru_cache(maxsize=1024)
def _known(source: bytes) -> ast.Module:
    return syntax(source)


def _existing(project: Project, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if _is_file(project.root / name))


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()
