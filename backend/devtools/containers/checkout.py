"""The checkout that a session works in: a clone of HEAD that belongs to the developer."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.containers.users import User
from gates.model import Project
from gates.repo.git import git

PREPARATION = (
    ("update-ref", "refs/remotes/origin/main", "HEAD"),
    ("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"),
    ("switch", "--quiet", "--create", "proof"),
    ("config", "user.name", "Proof"),
    ("config", "user.email", "proof@localhost"),
)
"""Commands of git that give the clone a target branch and an author, wherever it was cloned from."""


@contextmanager
def new_checkout(root: Path, name: str, user: User) -> Iterator[Path]:
    """Yield a clone of the repository's HEAD, in a folder of this name that belongs to the user.

    Compose names volumes after the folder, so a session finds those that a killed one left. Raises GateError.
    """
    with tempfile.TemporaryDirectory(prefix="pau2-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        checkout = Path(folder) / name
        git(Project(root=root), "clone", "--quiet", "--no-hardlinks", str(root), str(checkout))
        for command in PREPARATION:
            git(Project(root=checkout), *command)
        if os.geteuid() == 0:
            for path in (checkout, *checkout.rglob("*")):
                shutil.chown(path, user.uid, user.gid)
        yield checkout


def foreign_files(checkout: Path, user: User) -> list[str]:
    """Return the paths in the checkout that do not belong to the user."""
    paths = (checkout, *checkout.rglob("*"))
    return [str(path.relative_to(checkout)) for path in paths if path.lstat().st_uid != user.uid]
