"""Runs the tests that have to run, keeps their results, and adds up the coverage of all."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gates.coverage.data import environment_for_pytest
from gates.coverage.probes.plugin import write_data
from gates.model import Project
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.records import Hits, hits_of, read_records
from gates.testing.result_cache.selection import Selection, context_of, select
from gates.testing.result_cache.store import Store

PLUGIN = "gates.testing.result_cache.plugin"


@dataclass(frozen=True)
class CachedRun:
    """A run of the tests of a checkout that knows the results of earlier runs."""

    project: Project
    dependencies: Dependencies
    store: Store
    context: str

    @classmethod
    def of(cls, project: Project, folder: Path) -> "CachedRun":
        """Read the current checkout. The folder contains the results of earlier runs."""
        dependencies = Dependencies(Project(root=project.root))
        context = context_of(dependencies, environment_for_pytest(project))
        return cls(project, dependencies, Store(folder), context)

    @property
    def records(self) -> Path:
        """Where the processes of the run write what they observe."""
        return self.project.reports / "observed"

    def select(self, *, whole: bool = False) -> Selection:
        """Return what has to run: everything in a whole run."""
        return select(self.dependencies, self.store, self.context, whole=whole)

    def known(self, selection: Selection, changed: Collection[str]) -> Selection:
        """Return what has to run of the changed test files and of the tests that passed here before.

        The first are those of changed files, then those that depend on the least.
        """
        sizes = self.store.sizes(self.context)
        known: list[tuple[int, str]] = []
        for argument in selection.arguments:
            if f"backend/{argument.partition('::')[0]}" in changed:
                known.append((0, argument))
            elif argument in sizes:
                known.append((sizes[argument], argument))
        return Selection(selection.held, [argument for _, argument in sorted(known)])

    def options(self) -> list[str]:
        """Return pytest's options for observing; what was observed before is gone."""
        shutil.rmtree(self.records, ignore_errors=True)
        packages = [f"--observe={name}" for name in self.project.rulebook["coverage"]["measured"]]
        cache = self.project.reports / "cache/probes"
        return ["-p", PLUGIN, *packages, f"--observe-data={self.records}", f"--observe-cache={cache}"]

    def write_arguments(self, selection: Selection) -> str:
        """Write what has to run into a file: it may be more than a command takes. Return the argument."""
        path = self.project.reports / "selected-tests.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(selection.arguments) + "\n", encoding="utf-8")
        return f"@{path}"

    def keep(self, selection: Selection) -> Hits:
        """Keep what passed and return the probes that ran, of files that did not change meanwhile.

        What a test depends on is read from the files, so they must be the ones that ran. Of a file of which
        only some tests were asked for, it is not known which there are.
        """
        records = read_records(self.records, self.dependencies)
        changed = self._changed()
        if not changed:
            results = (result for record in records for result in record.results())
            self.store.save(self.context, (one for one in results if one.test not in selection.divided_files))
        hits: Hits = {}
        for record in records:
            merge(hits, record.hits())
        return {name: numbers for name, numbers in hits.items() if name not in changed}

    def write_coverage(self, selection: Selection, hits: Hits, file: Path) -> None:
        """Write the coverage of the tests that held and of those that ran, as one run of all would have."""
        total = hits_of(selection.held.values(), self.dependencies)
        merge(total, hits)
        ran = self.dependencies.executed(total).items()
        names = [name.removeprefix("backend/") for name in self.dependencies.measured]
        write_data(file, {"": {name.removeprefix("backend/"): lines for name, lines in ran}}, names)

    def _changed(self) -> set[str]:
        """Return the files that are not as they were when this run began."""
        now, before = Dependencies(Project(root=self.project.root)).contents, self.dependencies.contents
        return {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}


def merge(hits: Hits, more: Hits) -> None:
    """Add probes to others."""
    for name, numbers in more.items():
        hits.setdefault(name, set()).update(numbers)
