"""Python files as syntax trees, parsed once."""

import ast
import os
import threading
from collections.abc import Iterator
from functools import lru_cache

from gates.model import GateError, Project
from gates.repo.files import content, files

NOT_SOURCE = (".#", "._")
"""Prefixes of names that editors and systems make from a file's: Emacs's lock, macOS's attributes."""

_parse_lock = threading.Lock()


def python_files(project: Project) -> list[str]:
    """Return every Python file of the project that git does not ignore, relative to backend/."""
    return [os.path.relpath(project.root / name, project.backend) for name in files(project, "*.py")]


def parse_source(source: str | bytes) -> ast.Module:
    """Return the syntax tree of Python source, a new one each time. Raises SyntaxError or ValueError.

    CPython counts the depth of trees for all threads of a process together, and gates run in threads: without
    the lock, two that build trees at the same time sometimes fail with SystemError.
    """
    with _parse_lock:
        return ast.parse(source)


def parse_file(project: Project, name: str) -> ast.Module:
    """Return a Python file's syntax tree. Raises GateError when it is not valid Python."""
    try:
        return _parse_cached(content(project, name))
    except (SyntaxError, ValueError) as error:
        raise GateError(f"{name} is not valid Python ({error}): correct it.") from None


@lru_cache(maxsize=1024)
def walk(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return every node of a file, outer ones first, cached because many gates ask for it."""
    return tuple(ast.walk(tree))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method, nested ones included. Only statements are searched: they are few."""
    found: list[ast.AST] = [tree]
    for node in found:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, None)
            if isinstance(inner, list):
                found += inner


def dotted_name(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of attributes on a name, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted_name(node.value)):
        return f"{before}.{node.attr}"
    return ""


@lru_cache(maxsize=1024)
def _parse_cached(source: bytes) -> ast.Module:
    return parse_source(source)
