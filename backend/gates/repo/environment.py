"""The environments of the programs that gates start.

`noxw` removes the variables that redirect Python, pip, uv, pytest and other tools before Python starts.
Two kinds are left for what is started without it: those of the git command that a hook belongs to, and
those that configure a tool.
"""

import os
from pathlib import Path

INDEX = "GIT_INDEX_FILE"
REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    INDEX,
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
"""Variables that name another repository or index, or change the meaning of paths.

The others stay: GIT_CONFIG_COUNT and GIT_CONFIG_GLOBAL may set safe.directory, without which git refuses.
"""
CONFIGURING = ("COVERAGE_", "COV_", "MYPY", "PRE_COMMIT", "PYTEST_ADDOPTS", "RUFF_", "SQUAWK_", "ZIZMOR_")
"""Prefixes of the variables that configure the tools, each a second time."""
HARMLESS = {"MYPY_CACHE_DIR"}
NO_ASSERTS = "PYTHONOPTIMIZE"


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


def for_tools() -> dict[str, str]:
    """Return the environment for the tools of the gates, without what would configure them."""
    return {
        name: value
        for name, value in for_git().items()
        if not name.startswith(CONFIGURING) or name in HARMLESS
    }


def for_tests(*left_out: str) -> dict[str, str]:
    """Return the environment for tests and tools that measure this project, without the named variables."""
    ignored = {*left_out, NO_ASSERTS}
    return {name: value for name, value in for_tools().items() if name not in ignored}
