"""The files of a project, as git lists them."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from gates.model import GateError, Project
from gates.repo.git import UNTRACKED, listed, staged_paths
from gates.rulebook import PATH


def modes(project: Project) -> dict[str, str]:
    """Return git's mode of each file in its index, such as "100644"."""
    rows = (row.partition("\t") for row in listed(project, "--stage"))
    return {name: facts.split()[0] for facts, _, name in rows}


def tracked(project: Project) -> list[str]:
    """Return the files in git's index that still exist, relative to the root."""
    return project.memoize("tracked", lambda: _existing(project, modes(project)))


def untracked(project: Project) -> list[str]:
    """Return the files that git neither tracks nor ignores, relative to the root; a commit has none."""
    if project.staged:
        return []
    return project.memoize("untracked", lambda: _existing(project, listed(project, *UNTRACKED)))


def ignored(project: Project, *patterns: str) -> list[str]:
    """Return the files that git ignores and that match a pattern."""
    options = ("--others", "--ignored", "--exclude-standard", "--", *patterns)
    return _existing(project, listed(project, *options))


def files(project: Project, *patterns: str) -> list[str]:
    """Return the tracked and untracked files that match a pattern, in order; without patterns all of them.

    `*` in a pattern also matches slashes.
    """
    return project.memoize(("files", patterns), lambda: _matching(project, patterns))


def unproven(project: Project, *patterns: str) -> list[str]:
    """Return the matching files that each have to be looked at on their own.

    At commit these are the staged ones: the others passed with the commits that brought them. All have to
    when the rule book is staged, since the rules may be others.
    """
    names = files(project, *patterns)
    if not project.staged:
        return names
    staged = project.memoize("staged paths", lambda: staged_paths(project))
    return names if PATH in staged else [name for name in names if name in staged]


def content(project: Project, name: str) -> bytes:
    """Return a file's content, read once for all gates."""
    return project.memoize(("content", name), (project.root / name).read_bytes)


def text(project: Project, name: str) -> str:
    """Return a file's text, read once for all gates. Raises GateError when it is not UTF-8."""
    return project.memoize(("text", name), lambda: _text(project, name))


def line_of(content: str, fragment: str) -> int:
    """Return the first line that has a fragment, 0 for none."""
    lines = content.splitlines()
    return next((number for number, line in enumerate(lines, 1) if fragment in line), 0)


def _text(project: Project, name: str) -> str:
    try:
        return (project.root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise GateError(f"{name} is not UTF-8 text: convert it.") from None


def _matching(project: Project, patterns: Sequence[str]) -> list[str]:
    names = {*tracked(project), *untracked(project)}
    return sorted(name for name in names if not patterns or any(fnmatchcase(name, p) for p in patterns))


def _existing(project: Project, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if _is_file(project.root / name))


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()
