"""A whole measurement: the memory is brought up to date, mutants are sampled, judged and compared."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gates.model import Project
from gates.mutation.judges import remembered_judges
from gates.soundness.judgement import Comparer, Judgement
from gates.soundness.memory import Memory
from gates.soundness.report import Settings
from gates.soundness.sample import sample
from gates.soundness.suite import copied_suite
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from gates.testing.result_cache.store import cache_folder
from gates.testing.runs import run_pytest
from gates.testing.workers import workers_for

ALL_TESTS = ["tests"]


def measure(project: Project, settings: Settings, say: Callable[[str], None]) -> tuple[Judgement, int]:
    """Return what became of the mutants of a sample, and the number of tests. Raises GateError."""
    folders = settings.tests or ALL_TESTS
    chosen = sample(project, settings.mutants, settings.seed, settings.paths)
    with TemporaryDirectory(prefix="pau2-results-") as temporary:
        folder = cache_folder() or Path(temporary)
        memory = remember(project, folder, folders, say)
        names = sorted({sampled.file for sampled in chosen})
        judges = remembered_judges(project, folder, names)
        with copied_suite(project, folders, names) as suite:
            judgement = Comparer(project, memory, judges, suite, say).compare(chosen)
    return judgement, len([test for test in memory.held if "::" in test]) + len(memory.always)


def remember(project: Project, folder: Path, folders: Sequence[str], say: Callable[[str], None]) -> Memory:
    """Run the tests of some folders that have no valid result, and return what is remembered afterwards."""
    cached = CachedRun.of(project, folder)
    before = _within(cached.select(), folders)
    if before.arguments:
        say(f"{len(before.arguments)} tests, or files of tests, without a result run first")
        options = [
            "-q",
            "-n",
            workers_for(project, before),
            *cached.options(),
            cached.write_arguments(before),
        ]
        run_pytest(project, options)
        cached.keep(before)
    after = _within(cached.select(), folders)
    return Memory(cached.dependencies, after.held, frozenset(after.arguments))


def _within(selection: Selection, folders: Sequence[str]) -> Selection:
    """Return the part of a selection that is below some folders."""

    def is_within(name: str) -> bool:
        return any(name.startswith(f"{folder}/") for folder in folders)

    held = {name: result for name, result in selection.held.items() if is_within(name)}
    return Selection(held, [name for name in selection.arguments if is_within(name)])
