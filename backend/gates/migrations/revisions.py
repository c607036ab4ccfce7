"""The revisions of the database schema as text: their names, their chain, and what their code may do."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from gates.model import Finding, GateError, Outcome, Project
from gates.repo.files import NOT_SOURCE, syntax
from gates.repo.git import content_at, git, merge_base, target

FOLDER = "backend/alembic/versions"
NAME = re.compile(r"(\d{4}-\d\d-\d\d)_[a-z0-9]+(_[a-z0-9]+)*\.py")


@dataclass(frozen=True)
class Revision:
    """One Python file of alembic/versions. Its code is read, never run."""

    file: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        try:
            return syntax(self.source)
        except SyntaxError as error:
            raise GateError(f"{self.file}:{error.lineno} is not valid Python.") from None

    @cached_property
    def names(self) -> Mapping[str, Any]:
        """What the module assigns to its names: constants by value, anything else as it is written."""
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
        """The declared reason why there is no way back, "" when there is one."""
        return str(self.names.get("IRREVERSIBLE", "")).strip()


def head(project: Project) -> Outcome:
    """R10: one chain of revisions with dates and words as file names.

    Why: Two branches that each add a revision leave two heads, and `migrate` fails after the merge.
    Refuses: Two revisions with the same parent or id, missing parents, branches, labels, other file names.
    Instead: Set `down_revision` of the newer revision to the id of the head.
    Exceptions: None.
    """
    revisions = in_tree(project)
    findings = [finding for revision in revisions for finding in _misnamed(revision)]
    findings += _forks(revisions, "")
    if not findings:
        name, commit = target(project)
        known = {revision.file for revision in revisions} | set(files_at(project, merge_base(project).commit))
        gained = [file for file in files_at(project, commit) if file not in known and file.endswith(".py")]
        theirs = [Revision(file, content_at(project, commit, file) or "") for file in gained]
        findings += _forks([*theirs, *revisions], f" once {name} is merged")
    return Outcome(findings=findings, checked=len(revisions), note=f"{len(revisions)} revisions, one head")


def in_tree(project: Project) -> list[Revision]:
    """Return every revision of the work tree, by file name."""
    paths = sorted((project.root / FOLDER).rglob("*.py"))
    return [
        Revision(project.relative(path), path.read_bytes().decode("utf-8", "surrogateescape"))
        for path in paths
        if not path.name.startswith(NOT_SOURCE)
    ]


def files_at(project: Project, commit: str) -> list[str]:
    """Return the files below alembic/versions at a commit."""
    return project.once(("revisions", commit), lambda: _files_at(project, commit))


def _files_at(project: Project, commit: str) -> list[str]:
    listed = git(project, "ls-tree", "-r", "-z", "--name-only", commit, "--", FOLDER)
    return [name for name in listed.split("\0") if name]


def history(project: Project) -> list[Revision]:
    """Return the revisions from the first to the head. Raises GateError when they form no chain."""
    following = {revision.down: revision for revision in in_tree(project)}
    chain: list[Revision] = []
    while len(chain) < len(following) and (chain[-1].id if chain else None) in following:
        chain.append(following[chain[-1].id if chain else None])
    if not chain or len(chain) != len(in_tree(project)):
        raise GateError("The revisions form no chain from a first to a last: run ./noxw -s migrations.")
    return chain


def _misnamed(revision: Revision) -> Iterator[Finding]:
    path = PurePosixPath(revision.file)
    match = NAME.fullmatch(path.name)
    if match is None or not _is_date(match[1]) or path.parent.as_posix() != FOLDER:
        message = f"a revision is a file {FOLDER}/YYYY-MM-DD_slug.py, so that they read as a history"
        fix = 'rename it; ./noxw -s revision -- "what it does" chooses the name'
        yield Finding(file=revision.file, message=message, fix=fix)
    for name in ("branch_labels", "depends_on"):
        if revision.names.get(name) is not None:
            yield _finding(revision, name, f"{name} makes more than one history", f"set {name} = None")
    if re.fullmatch(r"\w+", revision.id) is None:
        yield _finding(revision, "revision", "a revision needs an id, a plain string", "set revision")
    if str(revision.down).startswith(("(", "[")):
        yield _finding(
            revision,
            "down_revision",
            "a revision follows exactly one other: the history has no branches, so it needs no merges",
            "set down_revision to the id of the revision before it",
        )


def _forks(revisions: Sequence[Revision], when: str) -> Iterator[Finding]:
    """Yield what keeps the revisions from being one chain. Of two rivals the one listed later is at fault."""
    ids: dict[str, Revision] = {}
    following: dict[str | None, Revision] = {}
    for revision in revisions:
        if revision.id in ids:
            twin = PurePosixPath(ids[revision.id].file).name
            message = f"the id {revision.id!r} is also that of {twin}{when}"
            yield _finding(revision, "revision", message, "give the newer one another id")
        ids[revision.id] = revision
        if revision.down in following:
            rival = following[revision.down]
            yield _finding(
                revision,
                "down_revision",
                f"there are two heads{when}: {PurePosixPath(rival.file).name} follows {revision.down!r} too",
                f"set down_revision = {rival.id!r}, or the id of what follows that",
            )
        following[revision.down] = revision
    for revision in revisions:
        if revision.down not in {None, *ids} or revision.down == revision.id:
            message = f"it follows {revision.down!r}, which no file has as its id{when}"
            yield _finding(revision, "down_revision", message, "set it to the id of the head")
    if revisions and None not in following:
        yield Finding(file=FOLDER, message="no revision is the first", fix="one has down_revision = None")


def _finding(revision: Revision, name: str, message: str, fix: str) -> Finding:
    lines = revision.source.splitlines()
    line = next((number for number, text in enumerate(lines, 1) if text.startswith(name)), 0)
    return Finding(file=revision.file, line=line, message=message, fix=fix)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
