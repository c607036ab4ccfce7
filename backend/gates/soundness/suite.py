"""Runs of the tests in a copy of the checkout that has mutants in its files."""

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import mkdtemp

from gates.model import GateError, Project
from gates.mutation.operators import edited
from gates.repo import files
from gates.repo.git import git
from gates.report.failures import test_of
from gates.soundness.sample import SampledMutant
from gates.testing.runs import run_pytest

MAX_ARGUMENTS = 20
"""More tests run in several processes, and as many come from a file: command lines have a limit."""
BREAKDOWN = ""
"""Stands for all tests when pytest itself breaks down."""


@dataclass(frozen=True)
class Suite:
    """A copy of the project, and the folders of its tests."""

    copy: Project
    sources: Mapping[str, str]
    folders: Sequence[str]
    runs: list[int] = field(default_factory=list)

    def failing(self, mutants: Collection[SampledMutant], tests: Collection[str] = ()) -> set[str]:
        """Return the tests that fail with all these mutants: of the named tests, or of all folders."""
        changed = {mutant.file for mutant in mutants}
        for name in changed:
            edits = [mutant.mutant.edit for mutant in mutants if mutant.file == name]
            self._write(name, edited(self.sources[name], edits))
        try:
            if {*tests} == {BREAKDOWN}:
                return self._run([*self.folders[:1], "--collect-only"])
            return self._run(sorted(tests) or self.folders)
        finally:
            for name in changed:
                self._write(name, self.sources[name])

    def _write(self, name: str, source: str) -> None:
        """Write a file without its bytecode, which Python reuses for equal sizes and seconds of change."""
        path = self.copy.root / name
        path.write_text(source, encoding="utf-8")
        Path(cache_from_source(str(path))).unlink(missing_ok=True)

    def _run(self, arguments: Sequence[str]) -> set[str]:
        self.runs.append(len(arguments))
        options = ["-q", "-p", "no:cacheprovider"]
        if arguments is self.folders or len(arguments) > MAX_ARGUMENTS:
            options += ["-n", "auto"]
        listed = self.copy.reports / "tests-to-run.txt"
        listed.parent.mkdir(exist_ok=True)
        listed.write_text("\n".join(arguments) + "\n", encoding="utf-8")
        try:
            outcome = run_pytest(self.copy, [*options, f"@{listed}"])
        except GateError:
            return {BREAKDOWN}
        return {test_of(finding) for finding in outcome.findings}


@contextmanager
def copied_suite(project: Project, folders: Sequence[str], names: Collection[str]) -> Iterator[Suite]:
    """Yield a suite in a copy of the checkout as it is now; `names` are the files that get mutants."""
    root = Path(mkdtemp(prefix="pau2-soundness-"))
    try:
        git(project, "clone", "--quiet", "--shared", str(project.root), str(root / "copy"))
        copy = Project(root=root / "copy")
        for name in files.files(project):
            target = copy.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project.root / name, target, follow_symlinks=False)
        for name in (".venv", ".noxw"):
            if (project.root / name).exists() and not (copy.root / name).exists():
                (copy.root / name).symlink_to((project.root / name).resolve())
        yield Suite(copy, {name: files.text(project, name) for name in names}, folders)
    finally:
        shutil.rmtree(root, ignore_errors=True)
