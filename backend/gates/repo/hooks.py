"""The git hooks. pre-commit runs them on staged files; each work tree uses its own environment."""

import os
from pathlib import Path

from gates.model import GateError, Project
from gates.repo.git import git, prefix
from gates.repo.process import PYTHON_M, run

HOOKS = ("pre-commit", "pre-push")
SCRIPT = """#!/bin/sh
# Written by ./noxw -s hooks. pre-commit knows it by its ID: 138fd403232d2ddd5efb44317e38bf03
# Git starts it at the top of a work tree, which may be another one than that where it was written.
if ! .venv/bin/python -I -c "import pre_commit" 2>/dev/null; then
  echo "$PWD has no environment for the gates: run ./noxw -s hooks there." >&2
  exit 1
fi
[ -w "${{HOME:-/}}" ] || export PRE_COMMIT_HOME="${{PRE_COMMIT_HOME:-$PWD/.venv/pre-commit}}"
folder=$(cd "$(dirname "$0")" && pwd)
exec .venv/bin/python -I -m pre_commit hook-impl --config=.pre-commit-config.yaml \\
  --hook-type={hook} --hook-dir "$folder" -- "$@"
"""


def install(project: Project) -> None:
    """Install the hooks beside those that the developer has, which still run. Raises GateError."""
    if folder := prefix(project).rstrip("/"):
        raise GateError(
            f"The project is the folder {folder} of a repository, and git's hooks are the whole repository's:"
            f" let those call `{folder}/noxw -s commit` and `{folder}/noxw -s push`."
        )
    types = [f"--hook-type={hook}" for hook in HOOKS]
    installed = run(project.root, *PYTHON_M, "pre_commit", "install", *types)
    if installed.returncode:
        reason = (installed.stdout + installed.stderr).strip()
        raise GateError(f"pre-commit cannot install the hooks: {reason}")
    print(installed.stdout, end="")
    for hook in HOOKS:
        (_folder(project) / hook).write_text(SCRIPT.format(hook=hook), encoding="utf-8")


def outdated_hooks(project: Project) -> list[str]:
    """Return the problem of each hook that differs from the one of `install`. Raises GateError."""
    return [f"{hook} {wrong}" for hook in HOOKS if (wrong := _problem_of(_folder(project) / hook))]


def _problem_of(path: Path) -> str:
    if not path.exists():
        return "is missing"
    if path.read_bytes() != SCRIPT.format(hook=path.name).encode():
        return "is not the project's of today"
    return "" if os.access(path, os.X_OK) else "is not executable"


def _folder(project: Project) -> Path:
    """Return the folder of the hooks, which all work trees share. Raises GateError."""
    return Path(git(project, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()) / "hooks"
