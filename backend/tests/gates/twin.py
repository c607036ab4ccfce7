"""A small project in a temporary folder that every gate lets pass, for tests to break in one place."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gates.model import Project

RULE_BOOK = ".agent/rules/techstack-backend.md"
IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
COMMITTER = {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}


@dataclass(frozen=True)
class Twin:
    """The project's root. What is written is neither staged nor committed until `commit`."""

    root: Path

    @property
    def project(self) -> Project:
        """The twin as a gate sees it; read anew each time, so that an edited rule book counts."""
        return Project(root=self.root)

    def write(self, name: str, text: str = "") -> Self:
        """Write a file, and its folders, below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def replace(self, name: str, old: str, new: str) -> Self:
        """Replace a piece of a file that must be in it."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        return self.write(name, text.replace(old, new, 1))

    def remove(self, name: str) -> Self:
        """Delete a file."""
        (self.root / name).unlink()
        return self

    def rule(self, old: str, new: str) -> Self:
        """Replace a piece of the rule book."""
        return self.replace(RULE_BOOK, old, new)

    def git(self, *arguments: str) -> str:
        """Run git here and return what it prints, whatever repository the tests themselves run in."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment |= IDENTITY | COMMITTER | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str = "change") -> str:
        """Commit everything and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str = "change") -> Self:
        """Start a branch, as a change does."""
        self.git("switch", "--quiet", "--create", name)
        return self


def make_twin(root: Path, files: dict[str, str]) -> Twin:
    """Make a repository on main with one commit of the given files."""
    twin = Twin(root)
    for name, text in files.items():
        twin.write(name, text)
    twin.git("init", "--quiet", "--initial-branch=main")
    twin.commit("first")
    return twin
