"""A git repository whose last commit, on a branch, edits a page."""

import subprocess
from pathlib import Path

AUTHOR = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "core.hooksPath=/dev/null")


def make_edited_repository(root: Path) -> Path:
    """Commit the files of a folder on main, and an edit of its README on another branch."""
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "README.md", "The product.")
    git(root, "switch", "--quiet", "--create", "change")
    commit(root, "README.md", "The better product.")
    return root


def git(root: Path, *arguments: str) -> None:
    """Run git without hooks, as an author who needs no settings. Raises CalledProcessError."""
    subprocess.run(["git", *AUTHOR, *arguments], cwd=root, check=True)


def commit(root: Path, name: str, content: str) -> None:
    """Write a file and commit all changes."""
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(content)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", f"Edit {name}")
