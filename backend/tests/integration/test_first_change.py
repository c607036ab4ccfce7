"""`docs/tutorial/first-change.md`: its edits apply, and its commands print what the page says."""

import os
import subprocess
from pathlib import Path

import pytest

from devtools.postgres import PROJECT
from tests.support.checkout_copies import copy_checkout, copy_results
from tests.support.executed_pages import Block, read_blocks

TUTORIAL = PROJECT / "docs/tutorial/first-change.md"
ENVIRONMENTS = (".venv", ".noxw")
GIT_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Marta",
    "GIT_AUTHOR_EMAIL": "marta@example.org",
    "GIT_COMMITTER_NAME": "Marta",
    "GIT_COMMITTER_EMAIL": "marta@example.org",
}
STEP_TIMEOUT_SECONDS = 180


class Newcomer:
    """Follows the tutorial in a clone, step by step."""

    def __init__(self, clone: Path, home: Path) -> None:
        self._clone = clone
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PRE_COMMIT_HOME": str(home),
        } | GIT_SETTINGS

    def follow(self, blocks: list[Block]) -> None:
        """Apply each diff and run each command; the text below a command is in its output."""
        for number, block in enumerate(blocks):
            if block.kind == "diff":
                self.apply(block.text)
            elif block.kind == "sh":
                following = blocks[number + 1] if number + 1 < len(blocks) else Block("", "")
                self.run(block.text, printed=following.text if following.kind == "text" else "")

    def apply(self, diff: str) -> None:
        """Edit as the page says; line numbers may have moved."""
        command = ["git", "apply", "--recount", "-"]
        result = subprocess.run(
            command, cwd=self._clone, input=diff, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{result.stderr}\n{diff}"

    def run(self, commands: str, *, printed: str) -> None:
        """Run the commands. They fail when the page shows a gate that failed, else they succeed."""
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self._clone,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_TIMEOUT_SECONDS,
            check=False,
        )
        assert (result.returncode != 0) == ("failed" in printed), f"{commands}{result.stdout}"
        position = 0
        for line in printed.splitlines():
            found = result.stdout.find(line, position)
            assert found >= 0, f"{commands}printed no {line!r}:\n{result.stdout}"
            position = found + len(line)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the repository as the work tree has it, with the environments of this checkout."""
    source, clone = tmp_path / "source", tmp_path / "clone"
    copy_checkout(source)
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "All"],
    ):
        git(source, *command)
    git(tmp_path, "clone", "--quiet", str(source), str(clone))
    copy_results(clone)
    (clone / ".git/info/exclude").write_text("\n".join(ENVIRONMENTS), encoding="utf-8")
    for name in ENVIRONMENTS:
        (clone / name).symlink_to((PROJECT / name).resolve())
    return clone


def git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"]} | GIT_SETTINGS
    result = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return result.stdout


def test_commits_the_change_when_the_tutorial_is_followed(clone: Path, tmp_path: Path) -> None:
    Newcomer(clone, home=tmp_path).follow(read_blocks(TUTORIAL))

    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "--format=%s", "origin/main..") == "Limit an event to 31 days\n"
