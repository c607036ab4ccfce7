"""The environments of the programs that gates start.

`noxw` removes the variables that redirect Python, pip, uv, pytest and other tools before Python starts.
Two kinds are left: those of the git command that a hook belongs to, and those of another measurement.
"""

import os
from pathlib import Path

INDEX = "GIT_INDEX_FILE"
REPOSITORY = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR"),
    *("GIT_GLOB_PATHSPECS", "GIT_GRAFT_FILE", "GIT_ICASE_PATHSPECS", "GIT_IMPLICIT_WORK_TREE", INDEX),
    *("GIT_INTERNAL_SUPER_PREFIX", "GIT_LITERAL_PATHSPECS", "GIT_NAMESPACE", "GIT_NOGLOB_PATHSPECS"),
    *("GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE"),
    *("GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
)
"""Variables that name another repository or index, or change the meaning of paths.

The others stay: GIT_CONFIG_COUNT and GIT_CONFIG_GLOBAL may set safe.directory, without which git refuses.
"""
FOREIGN = ("COV_", "COVERAGE_", "PYTEST_ADDOPTS", "PYTHONOPTIMIZE")
"""Prefixes of the variables of another measurement, and of those that choose tests or switch off asserts."""


def for_git() -> dict[str, str]:
    """Return the environment for git: the folder that it runs in decides which repository it reads."""
    return {name: value for name, value in os.environ.items() if name not in REPOSITORY}


def for_git_in_a_commit(git_folder: Path) -> dict[str, str]:
    """Return the environment for git in a commit hook: with the index of that commit.

    `git commit FILE` writes a temporary index beside the usual one. One elsewhere is another repository's.
    """
    index = os.environ.get(INDEX, "")
    is_ours = Path(index).is_absolute() and Path(index).resolve().parent == git_folder.resolve()
    return for_git() | ({INDEX: index} if is_ours else {})


def for_tests(*left_out: str) -> dict[str, str]:
    """Return the environment for tests and tools that measure this project, without the named variables."""
    return {
        name: value
        for name, value in for_git().items()
        if name not in left_out and not name.startswith(FOREIGN)
    }
