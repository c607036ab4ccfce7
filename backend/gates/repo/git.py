"""A change: the commit on which it is based, and the files and lines that it edits in the work tree.

Staged, unstaged and untracked edits belong to the change like committed ones, since tests measure
the work tree. Options on git's command line override the user's configuration and `.gitattributes`,
so that neither hides anything nor runs a program. No other module starts git.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gates.model import GateError, Project
from gates.repo.environment import for_git, for_git_in_a_commit

BASE_VARIABLE = "PAU2_BASE"
UNTRACKED = ("--others", "--exclude-standard")  # options of `git ls-files`
REMOTE = "refs/remotes/origin/"
LOCAL = "refs/heads/"
DEFAULT_BRANCHES = ("main", "master")  # usual names of a default branch, today's first
HUNK_HEADER = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
# Other indicators than + and -, so that an added line `++ b/x` cannot be taken for the header `+++ b/x`.
DIFF_OPTIONS = (
    "diff",
    "--text",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--relative",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--output-indicator-new=>",
    "--output-indicator-old=<",
    "--inter-hunk-context=0",
    "--diff-algorithm=default",
    "--indent-heuristic",
    "-l1000",
    "-U0",
    "-M",
)
CONFIGURATION = {
    "color.ui": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "diff.orderFile": "/dev/null",
    "log.showSignature": "false",
    "status.showUntrackedFiles": "all",
}
"""Settings that decide what git prints and which programs it runs, instead of the user's."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """The commit that a change is compared with. `how` names what it was found from, such as origin/main."""

    commit: str
    how: str

    def __str__(self) -> str:
        return f"{self.how} ({self.commit[:9]})"


def merge_base(project: Project) -> Base:
    """Return the newest commit that the change shares with its target.

    The target is the commit that PAU2_BASE names (continuous integration sets it), else the default
    branch of `origin`, else the local `main`. Raises GateError when it is missing, unrelated, or may
    be hidden by a shallow clone: a comparison with the wrong commit would let things through.
    """
    return project.memoize("merge base", lambda: _merge_base(project))


def _merge_base(project: Project) -> Base:
    known = _run(project, "rev-parse", "--is-shallow-repository", "HEAD^{commit}")
    if not known.stdout:
        raise GateError("This folder is not a git repository that git can read: run `git status` to see why.")
    if known.returncode:
        raise GateError("The repository has no commits, so there is nothing to compare with: commit first.")
    if known.stdout.startswith(b"true"):
        raise GateError(
            "This clone is shallow and may lack the commit where the change began:"
            " run `git fetch --unshallow` (in a workflow: `fetch-depth: 0`)."
        )
    how, tip = target(project)
    common = _try(project, "merge-base", tip, "HEAD")
    if common is None:
        raise GateError(f"HEAD and {how} have no commit in common: rebase the change onto {how}.")
    return Base(commit=common.strip(), how=how)


def target(project: Project) -> tuple[str, str]:
    """Return the name and the commit of the branch that the change will be merged into. Raises GateError."""
    return project.memoize("target", lambda: _target(project))


def _target(project: Project) -> tuple[str, str]:
    named = os.environ.get(BASE_VARIABLE, "")
    if named.strip("0"):  # GitHub says forty zeros for a push that creates its branch
        commit = _try(project, "rev-parse", "--verify", "--end-of-options", f"{named}^{{commit}}")
        if commit is None:
            raise GateError(f"{BASE_VARIABLE}={named} names no commit of this clone: fetch it or unset it.")
        return BASE_VARIABLE, commit.strip()
    name, commit = _default_branch(project)
    return name.split("/", 2)[2], commit


def _default_branch(project: Project) -> tuple[str, str]:
    """Return the branch that changes are merged into, as far as this clone knows: reference and commit.

    After a rename on the server, origin/HEAD names the old branch until it is updated: that branch is
    gone after `git fetch --prune`, and otherwise stays behind origin/main.
    """
    rows = git(project, "for-each-ref", "--format=%(refname) %(objectname) %(symref)", REMOTE, LOCAL)
    found: dict[str, str] = {}
    default = default_commit = ""
    for name, commit, symbolic in (row.split(" ") for row in rows.splitlines()):
        if name == f"{REMOTE}HEAD":
            default, default_commit = symbolic, commit
        else:
            found[name] = commit
    main = f"{REMOTE}{DEFAULT_BRANCHES[0]}"
    if default and (main not in found or not _is_ancestor(project, default, main)):
        return default, default_commit
    remote = [name for name in found if name.startswith(REMOTE)]
    for name in DEFAULT_BRANCHES:
        reference = f"{REMOTE if remote else LOCAL}{name}"
        if reference in found:
            return reference, found[reference]
    if len(remote) == 1:
        return remote[0], found[remote[0]]
    if remote:
        raise GateError(
            "This clone does not know the default branch of origin: run `git remote set-head origin --auto`,"
            f" or name the commit to compare with in {BASE_VARIABLE}."
        )
    raise GateError(
        "There is neither origin/main nor main to compare with: run `git fetch origin main:main`,"
        f" or name the commit in {BASE_VARIABLE}."
    )


def remote_default(project: Project) -> str:
    """Return the reference that origin/HEAD names, which may be gone; "" when the clone has none."""
    return (_try(project, "symbolic-ref", "--quiet", f"{REMOTE}HEAD") or "").strip()


def _is_ancestor(project: Project, older: str, newer: str) -> bool:
    return _run(project, "merge-base", "--is-ancestor", older, newer).returncode == 0


def changed_lines(project: Project, base: Base, *folders: str) -> dict[str, set[int]]:
    """Return the added and edited lines of each file below the folders, by path relative to the root.

    A file that moved between the folders keeps its unchanged lines unchanged; one that comes from
    outside them is new from its first to its last line. Files that only lost lines are not listed.
    """
    patch = git(project, *DIFF_OPTIONS, base.commit, "--", *folders)
    lines: dict[str, set[int]] = {}
    for path, added in _added(patch):
        lines.setdefault(path, set()).update(added)
    for path in _untracked(project, *folders):
        count = len((project.root / path).read_bytes().split(b"\n"))
        lines[path] = set(range(1, count + 1))
    return lines


def changed_paths(project: Project, base: Base) -> set[str]:
    """Return every path that the change adds, edits, deletes or renames (both names)."""
    return project.memoize(("changed", base.commit), lambda: _changed_paths(project, base))


def _changed_paths(project: Project, base: Base) -> set[str]:
    return {path for _, path in changed_statuses(project, base)}


def changed_statuses(project: Project, base: Base) -> list[tuple[str, str]]:
    """Return git's letter for what happened to each changed path, and the path; untracked files are added."""
    listing = git(project, "diff", "--relative", "--no-renames", "--name-status", "-z", base.commit)
    parts = listing.split("\0")
    named = zip(parts[::2], parts[1::2], strict=False)  # the last part is empty
    return [*named, *(("A", path) for path in _untracked(project))]


def staged_paths(project: Project) -> set[str]:
    """Return the paths that a commit would add or edit now."""
    rows = git(
        project, "diff", "--cached", "--relative", "--no-renames", "--name-only", "--diff-filter=d", "-z"
    )
    return {path for path in rows.split("\0") if path}


def content_at(project: Project, commit: str, path: str) -> str | None:
    """Return a file's text at a commit, None when it did not exist there."""
    question = ("content", commit, path)
    return project.memoize(question, lambda: _try(project, "show", "--no-textconv", f"{commit}:./{path}"))


def listed(project: Project, *options: str) -> list[str]:
    """Return what `git ls-files` lists with these options, asked once a project."""
    rows = project.memoize(("ls-files", *options), lambda: git(project, "ls-files", "-z", *options))
    return [row for row in rows.split("\0") if row]


def prefix(project: Project) -> str:
    """Return the project's folder within its repository, "" or with a slash at the end."""
    return git(project, "rev-parse", "--show-prefix").strip()


def git(project: Project, *arguments: str, settings: Mapping[str, str] = CONFIGURATION) -> str:
    """Run git in the project's root and return what it prints. Raises GateError with git's own words.

    `settings` are in addition to those that every command has.
    """
    result = _run(project, *arguments, settings=settings)
    if result.returncode:
        raise GateError(f"`git {arguments[0]}` failed: {_text(result.stderr).strip()}")
    return _text(result.stdout)


def _try(project: Project, *arguments: str) -> str | None:
    result = _run(project, *arguments)
    return None if result.returncode else _text(result.stdout)


def _run(
    project: Project, *arguments: str, settings: Mapping[str, str] = CONFIGURATION
) -> subprocess.CompletedProcess[bytes]:
    pairs = (f"{name}={value}" for name, value in {**CONFIGURATION, **settings}.items())
    command = ["git", *(part for pair in pairs for part in ("-c", pair)), *arguments]
    environment = for_git_in_a_commit(_git_folder(project)) if project.staged else for_git()
    return subprocess.run(command, cwd=project.root, env=environment, capture_output=True, check=False)


def _git_folder(project: Project) -> Path:
    """Return the folder with the repository's index. Raises GateError."""
    everything = replace(project, staged=False)
    return project.root / project.memoize(
        "git folder", lambda: git(everything, "rev-parse", "--git-dir").strip()
    )


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")


def _added(patch: str) -> Iterator[tuple[str, range]]:
    """Yield path and added lines of each hunk of a patch."""
    path = ""
    for line in patch.split("\n"):
        if line.startswith('+++ "'):
            raise GateError(f"The file name {line[4:]} has control or quote characters: rename the file.")
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/").rstrip("\t")
        elif match := HUNK_HEADER.match(line):
            start = int(match[1])
            count = int(match[2] or 1)
            if count:
                yield path, range(start, start + count)


def _untracked(project: Project, *folders: str) -> list[str]:
    """Return the untracked files below the folders, or all."""
    below = tuple(f"{folder}/" for folder in folders) or ""
    names = listed(project, *UNTRACKED)
    return [name for name in names if name.startswith(below) and (project.root / name).is_file()]
