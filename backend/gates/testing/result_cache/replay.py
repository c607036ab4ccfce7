"""What memory would select for the last commits: `python -m gates.testing.result_cache.replay 30`.

A test counts for a commit if the commit changed something that the test depended on when it last passed with
the content of HEAD. Dependencies that it had only at the time of the commit are not known. No test runs. The
seconds are those that the tests took when they last passed, divided among the workers.
"""

import argparse
import shutil
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from gates.model import GateError, Project
from gates.repo.git import git
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import context_of
from gates.testing.result_cache.store import Result, cache_folder

WORKERS = 2
ROOT = Path(__file__).resolve().parents[4]
HEADER = "| commit | tests | s |\n|---|---|---|"


@dataclass(frozen=True)
class Replayed:
    """A commit, the number of tests that memory would run for it, and their time."""

    subject: str
    tests: int
    seconds: float


@dataclass(frozen=True)
class State:
    """What tests depend on in a commit: the digests of units, and of all that concerns every test."""

    context: str
    digests: Mapping[str, str | None]

    @classmethod
    def of(cls, copy: Project, commit: str, units: Iterable[str]) -> "State":
        """Check out a commit in a copy and read it."""
        git(copy, "checkout", "--quiet", "--detach", commit)
        dependencies = Dependencies(Project(root=copy.root))
        return cls(context_of(dependencies, {}), {unit: dependencies.digest(unit) for unit in units})


def replay(cached: CachedRun, count: int) -> Iterator[Replayed]:
    """Yield the last commits of HEAD, newest first. Raises GateError when no results are kept of it."""
    known = cached.select().held
    if not any("::" in name for name in known):
        raise GateError("no results are kept of this code: run ./noxw -s tests first")
    units = {unit for result in known.values() for unit, _, _ in result.shares}
    with TemporaryDirectory() as folder:
        copy = Project(root=Path(folder) / "copy")
        git(cached.project, "clone", "--quiet", "--shared", str(cached.project.root), str(copy.root))
        analyses = shutil.ignore_patterns("probes")  # what is known of files is kept by their content
        shutil.copytree(cached.project.reports / "cache", copy.reports / "cache", ignore=analyses)
        rows = git(copy, "log", "--first-parent", f"--max-count={count + 1}", "--format=%H %s").splitlines()
        after = State.of(copy, "HEAD", units)
        for row, older in pairwise(rows):
            before = State.of(copy, older.partition(" ")[0], units)
            tests = selected(known, before, after)
            yield Replayed(row.partition(" ")[2], len(tests), seconds_of([known[t].seconds for t in tests]))
            after = before


def selected(known: Mapping[str, Result], before: State, after: State) -> list[str]:
    """Return the tests that depend on something that differs between two commits."""
    tests = [name for name in known if "::" in name]
    if before.context != after.context:
        return tests
    changed = {unit for unit, digest in before.digests.items() if digest != after.digests[unit]}
    affected = {
        name for name, result in known.items() if any(unit in changed for unit, _, _ in result.shares)
    }
    return [name for name in tests if name in affected or name.partition("::")[0] in affected]


def seconds_of(durations: Sequence[float]) -> float:
    """Return the time of tests that are divided among the workers: at least that of the longest."""
    return max(sum(durations) / WORKERS, max(durations, default=0))


def table(commits: Sequence[Replayed]) -> str:
    """Return a table of the commits with the median and the 90th percentile of their times."""
    rows = [f"| {commit.subject} | {commit.tests:,} | {commit.seconds:.0f} |" for commit in commits]
    times = sorted(commit.seconds for commit in commits)
    ninetieth = times[min(len(times) * 9 // 10, len(times) - 1)]
    summary = f"Median {statistics.median(times):.0f} s, 90th percentile {ninetieth:.0f} s."
    return "\n".join([HEADER, *rows, "", summary])


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the table. Exits with the reason when it cannot be made."""
    parser = argparse.ArgumentParser(
        prog="replay", description="Count the tests that memory would run for the last commits."
    )
    parser.add_argument("count", type=int, nargs="?", default=30, help="number of commits (default: 30)")
    count = parser.parse_args(arguments).count
    folder = cache_folder()
    if folder is None:
        parser.error("results are not kept: unset PAU2_RESULT_CACHE and CI")
    try:
        print(table([*replay(CachedRun.of(Project(root=root), folder), count)]))
    except GateError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
