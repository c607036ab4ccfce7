"""A test run that skips tests with a valid result, stores new results, and combines the coverage."""

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
    """A test run of a checkout that uses the results of earlier runs."""

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
        """The folder for the observations of the processes of the run."""
        return self.project.reports / "observed"

    def select(self, *, whole: bool = False) -> Selection:
        """Return the tests that have to run: all tests in a whole run."""
        return select(self.dependencies, self.store, self.context, whole=whole)

    def known(self, selection: Selection, changed: Collection[str]) -> Selection:
        """Return the selected tests that are in changed files or passed on this machine before.

        Tests of changed files come first, then those with the fewest dependencies.
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
        """Return pytest's options for observing. Deletes earlier observations."""
        shutil.rmtree(self.records, ignore_errors=True)
        packages = [f"--observe={name}" for name in self.project.rulebook["coverage"]["measured"]]
        cache = self.project.reports / "cache/probes"
        return ["-p", PLUGIN, *packages, f"--observe-data={self.records}", f"--observe-cache={cache}"]

    def write_arguments(self, selection: Selection) -> str:
        """Write the selection to a file, since command lines have a limit; return pytest's argument."""
        path = self.project.reports / "selected-tests.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(selection.arguments) + "\n", encoding="utf-8")
        return f"@{path}"

    def keep(self, selection: Selection) -> Hits:
        """Store the results that passed; return the probes that ran in files that did not change meanwhile.

        Stores no result when a file changed during the run: the digests would belong to other code. Stores no
        list of tests for a file of which only some tests were selected: the list would be incomplete.
        """
        records = read_records(self.records, self.dependencies)
        changed = self._changed()
        if not changed:
            results = (result for record in records for result in record.results())
            divided = selection.divided_files
            self.store.save(self.context, (result for result in results if result.test not in divided))
        hits: Hits = {}
        for record in records:
            merge(hits, record.hits())
        return {name: numbers for name, numbers in hits.items() if name not in changed}

    def write_coverage(self, selection: Selection, hits: Hits, file: Path) -> None:
        """Write the coverage of all tests: of the valid results and of the tests that ran."""
        total = hits_of(selection.held.values(), self.dependencies)
        merge(total, hits)
        executed = {
            name.removeprefix("backend/"): proved
            for name, proved in self.dependencies.executed(total).items()
        }
        measured = [name.removeprefix("backend/") for name in self.dependencies.measured]
        write_data(file, {"": executed}, measured)

    def _changed(self) -> set[str]:
        """Return the files that changed since this run began."""
        before = self.dependencies.contents
        now = Dependencies(Project(root=self.project.root)).contents
        return {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}


def merge(hits: Hits, more: Hits) -> None:
    """Add the probes of `more` to `hits`."""
    for name, numbers in more.items():
        hits.setdefault(name, set()).update(numbers)
