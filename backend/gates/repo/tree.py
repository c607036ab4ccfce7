"""The identity of a state of the files: the same for edits and for the commit that they become."""

import hashlib
import os
from collections.abc import Mapping

from gates.model import Project
from gates.repo.git import UNTRACKED, git, listed


def tree_of_files(project: Project) -> str:
    """Return a digest of the tracked and untracked files as they are now. Raises GateError."""
    blobs = {path: facts.split()[1] for facts, path in _rows(git(project, "ls-files", "--stage", "-z"))}
    edited = git(project, "diff", "--relative", "--no-renames", "--name-only", "-z").split("\0")
    changed = [path for path in (*edited, *listed(project, *UNTRACKED)) if path]
    for path in changed:
        blobs.pop(path, None)
    blobs |= {path: _link(project, path) for path in changed if (project.root / path).is_symlink()}
    regular = [path for path in changed if path not in blobs and (project.root / path).is_file()]
    if regular:
        hashes = git(project, "hash-object", "--", *regular).split()
        blobs |= dict(zip(regular, hashes, strict=True))
    return _digest(blobs)


def tree_of_commit(project: Project, commit: str) -> str:
    """Return what `tree_of_files` returns in a clean checkout of a commit. Raises GateError."""
    rows = _rows(git(project, "ls-tree", "-r", "-z", commit))
    return _digest({path: facts.split()[2] for facts, path in rows})


def _link(project: Project, path: str) -> str:
    """Return git's name for the content of a symbolic link, which is the path that it holds."""
    target = os.fsencode((project.root / path).readlink())
    return hashlib.sha1(b"blob %d\0%b" % (len(target), target), usedforsecurity=False).hexdigest()


def _rows(listing: str) -> list[tuple[str, str]]:
    """Return what git says about each path, and the path."""
    rows = (row.partition("\t") for row in listing.split("\0") if row)
    return [(facts, path) for facts, _, path in rows]


def _digest(blobs: Mapping[str, str]) -> str:
    text = "\0".join(f"{path}\0{blob}" for path, blob in sorted(blobs.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
