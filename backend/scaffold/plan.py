"""The new files and the edits of a scaffold, which are written or shown as a diff."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from scaffold.edits import Edit, apply_all
from scaffold.errors import ScaffoldError

BACKEND = "backend/"
RUFF = str(Path(sys.executable).with_name("ruff"))
OWN_PACKAGES = 'lint.isort.known-first-party = ["app", "tests"]'
"""Ruff takes modules that are not written yet for those of libraries."""
UNUSED_OR_UNSORTED = "F401,I001"
"""Rules of ruff that tidy imports: templates import the names of all types of fields."""


class Plan:
    """The files of a checkout as they will be. Nothing is written before `write`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.before: dict[str, str] = {}
        self.after: dict[str, str] = {}

    def add(self, path: str, text: str) -> None:
        """Plan a new file. Raises ScaffoldError if it exists."""
        if (self.root / path).exists():
            raise ScaffoldError(f"{path} exists. Choose another name, or remove the file.")
        self.before[path] = ""
        self.after[path] = self._formatted(path, text)

    def edit(self, path: str, *edits: Edit) -> None:
        """Plan edits of a module. Raises ScaffoldError if it has no place for them."""
        file = self.root / path
        if not file.is_file():
            raise ScaffoldError(f"{path} does not exist. Correct its name in backend/scaffold.")
        if path not in self.before:
            self.before[path] = self.after[path] = file.read_text(encoding="utf-8")
        try:
            text = apply_all(self.after[path], edits)
        except ScaffoldError as error:
            raise ScaffoldError(f"{path}: {error}") from error
        self.after[path] = self._formatted(path, text)

    @property
    def new(self) -> list[str]:
        return [path for path, text in self.before.items() if not text]

    @property
    def edited(self) -> list[str]:
        return [path for path, text in self.before.items() if text and self.after[path] != text]

    def diff(self) -> str:
        """Return the unified diff of all files."""
        return "".join(line for path in self.before for line in self._lines(path))

    def write(self) -> None:
        """Write all files, or raise ScaffoldError if edits would mix with uncommitted ones."""
        self.check_clean()
        for path, text in self.after.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def check_clean(self, *others: str) -> None:
        """Raises ScaffoldError if git has uncommitted changes of a file that is going to change."""
        command = ["git", "status", "--porcelain", "--", *self.edited, *others]
        found = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True).stdout
        if found:
            names = ", ".join(line[3:] for line in found.splitlines())
            raise ScaffoldError(
                f"These files have changes that are not committed: {names}. Commit them first, so that "
                "`git restore .` can undo the scaffold."
            )

    def _lines(self, path: str) -> Iterator[str]:
        before, after = (text.splitlines(keepends=True) for text in (self.before[path], self.after[path]))
        source = f"a/{path}" if before else "/dev/null"
        return unified_diff(before, after, source, f"b/{path}")

    def _formatted(self, path: str, text: str) -> str:
        if not path.endswith(".py"):
            return text
        tidy = [
            "check",
            "--fix",
            "--quiet",
            "--exit-zero",
            "--select",
            UNUSED_OR_UNSORTED,
            "--config",
            OWN_PACKAGES,
        ]
        return self._ruff(path, ["format", "--quiet"], self._ruff(path, tidy, text))

    def _ruff(self, path: str, options: Sequence[str], text: str) -> str:
        """Run ruff in backend/, from where it finds its settings and the project's own packages."""
        name = path.removeprefix(BACKEND)
        run = subprocess.run(
            [RUFF, *options, "--stdin-filename", name, "-"],
            cwd=self.root / BACKEND,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise ScaffoldError(f"{path}: ruff cannot format this. {run.stderr.strip()}")
        return run.stdout
