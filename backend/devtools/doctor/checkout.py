"""Checks of the repository: history, hooks, revisions, line ends, work trees."""

import os
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

from devtools.doctor.checks import FIX, Result, shell_repair
from gates.migrations import head
from gates.model import GateError, Project
from gates.repo.git import BASE_VARIABLE, git, merge_base, prefix, remote_default
from gates.repo.hooks import HOOKS, outdated_hooks

SET_HEAD = "git remote set-head origin --auto"
UNSHALLOW = "git fetch --unshallow"
ABANDONED_AFTER_SECONDS = 3600.0
MAX_SKEW_SECONDS = 300.0
"""The tolerated difference between the clocks of two machines."""


def depth(project: Project) -> Result:
    """Check that the clone has the whole history, in which the gates look for the base of a change."""
    if git(project, "rev-parse", "--is-shallow-repository").strip() == "true":
        summary = "the clone is shallow"
        return Result(summary=summary, remedy=UNSHALLOW, repair=shell_repair(UNSHALLOW, project.root))
    return Result(summary="the clone has the whole history")


def base(project: Project) -> Result:
    """Check that the base of a change is known, and origin/HEAD names the current default branch."""
    named = os.environ.get(BASE_VARIABLE, "")
    try:
        found = merge_base(project)
    except GateError as error:
        if "shallow" in str(error):
            return Result(summary="the shallow clone may lack the base", is_skipped=True)
        if named:
            return Result(summary=str(error), remedy=f"unset {BASE_VARIABLE}")
        raise
    default = remote_default(project)
    if default and not named and default != f"refs/remotes/{found.how}":
        summary = (
            f"origin/HEAD still names {default.removeprefix('refs/remotes/')}, today's branch is {found.how}"
        )
        return Result(summary=summary, remedy=SET_HEAD, repair=shell_repair(SET_HEAD, project.root))
    return Result(summary=f"changes are compared with {found}")


def hooks(project: Project) -> Result:
    """Check that Git runs the hooks of `./noxw -s hooks`."""
    if folder := prefix(project).rstrip("/"):
        return Result(
            summary=f"{folder} is a folder of another repository, which has its own hooks", is_skipped=True
        )
    if scope := _scope_of_other_hooks(project):
        summary = f"git takes hooks from another folder: core.hooksPath is set in its {scope} configuration"
        return Result(summary=summary, remedy=f"git config --{scope} --unset-all core.hooksPath")
    if wrong := outdated_hooks(project):
        command = "./noxw -s hooks"
        return Result(summary=", ".join(wrong), remedy=command, repair=shell_repair(command, project.root))
    return Result(summary=f"{' and '.join(HOOKS)} are installed")


def revisions(project: Project) -> Result:
    """Check that the revisions have one head, also together with the new ones of the target branch."""
    try:
        outcome = head.check(project)
    except GateError as error:
        return Result(summary=str(error), is_skipped=True)
    if outcome.findings:
        first = outcome.findings[0]
        return Result(summary=f"{Path(first.file).name}: {first.message}", remedy="./noxw -s migrations")
    return Result(summary=outcome.note)


def line_ends(project: Project) -> Result:
    """Check that files have the Unix line ends of .gitattributes; scripts with others do not start."""
    names = list(_with_windows_ends(project))
    if not names:
        return Result(summary="text files have Unix line ends")
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""

    def rewrite() -> str:
        for name in names:
            path = project.root / name
            path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
        return f"converted {names[0]}{more} to Unix line ends"

    return Result(summary=f"{names[0]}{more} has Windows line ends (CRLF)", remedy=FIX, repair=rewrite)


def worktrees(project: Project) -> Result:
    """Check that no killed run, which measured the coverage of a base, has left its work tree."""
    left = [path for path in _measured_bases(project) if _is_abandoned(path)]
    if not left:
        return Result(summary="killed runs left no work tree")
    removals = (f"git worktree remove --force {shlex.quote(str(path))}" for path in left)
    command = " && ".join(removals)
    summary = f"{left[0]} is left of a killed run" + (f", and {len(left) - 1} more" if left[1:] else "")
    return Result(summary=summary, remedy=command, repair=shell_repair(command, project.root))


def clock(project: Project) -> Result:
    """Check that the newest commit is not in the future. A resumed virtual machine may have a slow clock."""
    ahead = int(git(project, "log", "-1", "--format=%ct").strip()) - time.time()
    if ahead > MAX_SKEW_SECONDS:
        summary = (
            f"HEAD was committed {ahead / 60:.0f} minutes from now: this clock is slow, or that one was fast"
        )
        return Result(summary=summary, remedy="sudo timedatectl set-ntp true && date")
    return Result(summary="HEAD was committed in the past")


def _scope_of_other_hooks(project: Project) -> str:
    """Return the scope of the setting that redirects git to other hooks; "" without one."""
    rows = git(project, "config", "--show-scope", "--get-all", "core.hooksPath").splitlines()
    scopes = [row.split("\t", 1)[0] for row in rows]
    return next((scope for scope in reversed(scopes) if scope != "command"), "")


def _with_windows_ends(project: Project) -> Iterator[str]:
    for entry in git(project, "ls-files", "--eol", "-z").split("\0"):
        facts, _, name = entry.partition("\t")
        if re.search(r"w/(crlf|mixed)\s.*\beol=lf\b", facts):
            yield name


def _measured_bases(project: Project) -> Iterator[Path]:
    for row in git(project, "worktree", "list", "--porcelain").splitlines():
        path = Path(row.removeprefix("worktree "))
        if row.startswith("worktree ") and path.parent.name.startswith("pau2-base-"):
            yield path


def _is_abandoned(path: Path) -> bool:
    """Return whether the work tree is gone, or older than any run takes."""
    return not path.exists() or time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS
