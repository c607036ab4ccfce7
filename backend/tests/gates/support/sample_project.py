"""A small project in a temporary folder that passes every gate. Tests break it in one place."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Self

from gates.model import Project
from gates.rulebook import PATH
from tests.gates.support.rule_book import rule_book

RULE_BOOK = PATH
IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
COMMITTER = {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}
TEMPLATES = TemporaryDirectory(prefix="pau2-samples-")


@dataclass(frozen=True)
class Part:
    """Files of a sample project, and the rule book's tables about them as TOML."""

    files: Mapping[str, str] = field(default_factory=dict)
    rules: str = ""


@dataclass(frozen=True)
class SampleProject:
    """The project's root. What is written is neither staged nor committed until `commit`."""

    root: Path

    @classmethod
    def build(cls, root: Path, *parts: Part, branch: str = "main", repository: bool = True) -> Self:
        """Make a repository whose first commit, on main, has the files of the parts, and start a branch.

        A part's files replace those of the parts before it. There is a rule book if a part has tables of it.
        The repository is a copy of one that is made once a process: git takes longer. A folder that is not
        a repository has the files alone.
        """
        files = {name: text for part in parts for name, text in part.files.items()}
        if rules := [part.rules for part in parts if part.rules]:
            files = {RULE_BOOK: rule_book(*rules)} | files
        if repository:
            return cls(copied(_template(tuple(files.items()), branch), root))
        sample = cls(root)
        for name, text in files.items():
            sample.write(name, text)
        return sample

    @property
    def project(self) -> Project:
        """The sample project for a gate, read again at each call, so that an edited rule book counts."""
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

    def append(self, name: str, text: str) -> Self:
        """Add to the end of a file that must be there."""
        return self.write(name, (self.root / name).read_text(encoding="utf-8") + text)

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

    def commit(self, message: str = "change") -> Self:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self

    def branch(self, name: str = "change") -> Self:
        """Start a branch, as a change does."""
        self.git("switch", "--quiet", "--create", name)
        return self


def copied(folder: Path, root: Path) -> Path:
    """Copy a folder's content, with times and links, into one that may exist; Python takes twice as long."""
    root.mkdir(exist_ok=True)
    subprocess.run(["cp", "-RPp", f"{folder}/.", str(root)], cwd=root, check=True)
    return root


@cache
def _template(files: tuple[tuple[str, str], ...], branch: str) -> Path:
    sample = SampleProject(Path(mkdtemp(dir=TEMPLATES.name)))
    for name, text in files:
        sample.write(name, text)
    sample.git("init", "--quiet", "--initial-branch=main", "--template=")
    sample.git("config", "maintenance.auto", "false")
    sample.commit("first")
    sample.git("repack", "-a", "-d", "--quiet")  # one file to copy, not a folder for each object
    return sample.branch(branch).root if branch != "main" else sample.root
