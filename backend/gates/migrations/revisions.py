"""The revisions of the database schema, read as text and never run."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gates.model import GateError, Project
from gates.repo.git import git
from gates.repo.python import NOT_SOURCE, parse_source

FOLDER = "backend/alembic/versions"


@dataclass(frozen=True)
class Revision:
    """A Python file of alembic/versions."""

    file: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        try:
            return parse_source(self.source)
        except SyntaxError as error:
            raise GateError(f"{self.file}:{error.lineno} is not valid Python.") from None

    @cached_property
    def names(self) -> Mapping[str, Any]:
        """The module's assignments: constants by value, other expressions as source."""
        names: dict[str, Any] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                value = node.value.value if isinstance(node.value, ast.Constant) else ast.unparse(node.value)
                for name in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    names[ast.unparse(name)] = value
        return names

    @property
    def id(self) -> str:
        return str(self.names.get("revision", ""))

    @property
    def down(self) -> str | None:
        """The id of the revision that this one follows, None for the first."""
        down = self.names.get("down_revision")
        return None if down is None else str(down)

    @property
    def irreversible(self) -> str:
        """The declared reason why the revision has no downgrade, "" when it has one."""
        return str(self.names.get("IRREVERSIBLE", "")).strip()


def load_revisions(project: Project) -> list[Revision]:
    """Return every revision of the work tree, by file name."""
    paths = sorted((project.root / FOLDER).rglob("*.py"))
    return [
        Revision(project.relative(path), path.read_bytes().decode("utf-8", "surrogateescape"))
        for path in paths
        if not path.name.startswith(NOT_SOURCE)
    ]


def files_at(project: Project, commit: str) -> list[str]:
    """Return the files below alembic/versions at a commit."""
    return project.memoize(("revisions", commit), lambda: _files_at(project, commit))


def _files_at(project: Project, commit: str) -> list[str]:
    listed = git(project, "ls-tree", "-r", "-z", "--name-only", commit, "--", FOLDER)
    return [name for name in listed.split("\0") if name]


def ordered_revisions(project: Project) -> list[Revision]:
    """Return the revisions from the first to the head. Raises GateError when they form no chain."""
    revisions = load_revisions(project)
    following = {revision.down: revision for revision in revisions}
    chain: list[Revision] = []
    previous = None
    while len(chain) < len(following) and previous in following:
        chain.append(following[previous])
        previous = chain[-1].id
    if not chain or len(chain) != len(revisions):
        raise GateError("The revisions form no chain from a first to a last: run ./noxw -s migrations.")
    return chain
